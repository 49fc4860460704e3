package openapi

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A jsonPath is a JSONPath (RFC 9535) of names, indexes, wildcards, descendants and filters that
// compare one member with a literal, which is what overlays use.
type jsonPath []segment

// A segment selects children of a value, or of all values below it.
type segment struct {
	descends bool
	selects  func(name string, index int, v any) bool // index is -1 for a member of an object
}

var errPath = errors.New("write it as in $.paths['/books/{id}'].get or $..parameters[?@.name=='id']")

// parsePath parses a JSONPath.
func parsePath(text string) (jsonPath, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "$")
	if !ok {
		return nil, errPath
	}
	var p jsonPath
	for rest != "" {
		s := segment{}
		if after, ok := strings.CutPrefix(rest, ".."); ok {
			s.descends = true
			rest = after
			if !strings.HasPrefix(rest, "[") {
				rest = "." + rest
			}
		}
		var err error
		if s.selects, rest, err = parseSelector(rest); err != nil {
			return nil, err
		}
		p = append(p, s)
	}
	return p, nil
}

func parseSelector(text string) (selects func(string, int, any) bool, rest string, err error) {
	if name, ok := strings.CutPrefix(text, "."); ok {
		end := strings.IndexAny(name, ".[")
		if end < 0 {
			end = len(name)
		}
		if end == 0 {
			return nil, "", errPath
		}
		return byName(name[:end]), name[end:], nil
	}
	inside, rest, ok := bracket(text)
	if !ok {
		return nil, "", errPath
	}
	switch {
	case inside == "*":
		return byName("*"), rest, nil
	case strings.HasPrefix(inside, "?"):
		selects, err = parseFilter(strings.TrimSpace(inside[1:]))
		return selects, rest, err
	}
	if name, ok := literal(inside).(string); ok {
		return func(n string, index int, _ any) bool { return index < 0 && n == name }, rest, nil
	}
	at, err := strconv.Atoi(inside)
	if err != nil {
		return nil, "", errPath
	}
	return func(_ string, index int, _ any) bool { return index == at }, rest, nil
}

func byName(name string) func(string, int, any) bool {
	return func(n string, index int, _ any) bool { return name == "*" || index < 0 && n == name }
}

// bracket returns what is between the first brackets of a text, and what follows them.
func bracket(text string) (inside, rest string, ok bool) {
	if !strings.HasPrefix(text, "[") {
		return "", "", false
	}
	quote, depth := rune(0), 0
	for i, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '[':
			depth++
		case r == ']':
			depth--
			if depth == 0 {
				return strings.TrimSpace(text[1:i]), text[i+1:], true
			}
		}
	}
	return "", "", false
}

// parseFilter parses @.name, @.name == 'x' and @.name != 1, in parentheses or not.
func parseFilter(text string) (func(string, int, any) bool, error) {
	if inside, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inside, ")") {
		text = inside[:len(inside)-1]
	}
	left, right, equal := strings.Cut(text, "==")
	unequal := false
	if !equal {
		left, right, unequal = strings.Cut(text, "!=")
	}
	relative, ok := strings.CutPrefix(strings.TrimSpace(left), "@")
	if !ok {
		return nil, errPath
	}
	at, err := parsePath("$" + relative)
	if err != nil {
		return nil, err
	}
	var want any
	if equal || unequal {
		if want = literal(strings.TrimSpace(right)); want == nil {
			return nil, errPath
		}
	}
	return func(_ string, _ int, v any) bool {
		found, matches := false, false
		at.change(v, func(value any) (any, bool) {
			found = true
			matches = matches || fmt.Sprint(value) == fmt.Sprint(want)
			return value, true
		})
		switch {
		case equal:
			return matches
		case unequal:
			return !matches
		}
		return found
	}, nil
}

// literal returns a string in quotes, a number or a boolean, nil for anything else.
func literal(text string) any {
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	if b, err := strconv.ParseBool(text); err == nil {
		return b
	}
	return nil
}

// change returns v with the values that p leads to replaced by what with returns for them,
// without those for which it returns false. It also returns how many there were.
func (p jsonPath) change(v any, with func(any) (any, bool)) (changed any, kept bool, n int) {
	if len(p) == 0 {
		changed, kept = with(v)
		return changed, kept, 1
	}
	child := func(name string, index int, value any) (any, bool) {
		kept := true
		if p[0].descends {
			var below int
			value, kept, below = p.change(value, with)
			n += below
		}
		if kept && p[0].selects(name, index, value) {
			var found int
			value, kept, found = p[1:].change(value, with)
			n += found
		}
		return value, kept
	}
	switch v := v.(type) {
	case object:
		all := make(object, 0, len(v))
		for _, m := range v {
			if value, kept := child(m.name, -1, m.value); kept {
				all = append(all, member{m.name, value})
			}
		}
		return all, true, n
	case []any:
		all := make([]any, 0, len(v))
		for i, e := range v {
			if value, kept := child("", i, e); kept {
				all = append(all, value)
			}
		}
		return all, true, n
	}
	return v, true, 0
}
