package add

import (
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"tributary/cmd/trib/internal/openapi"
)

// words splits a name into its words: at what is no letter or digit, and where an upper
// case letter follows a lower case one.
func words(name string) (all []string) {
	word := []rune{}
	end := func() {
		if len(word) > 0 {
			all = append(all, string(word))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > unicode.MaxASCII:
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1])),
			unicode.IsUpper(r) && i > 0 && unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return all
}

// camel returns a name as fields have it. A name that is in camel case already stays.
func camel(name string) string {
	parts := separated(name)
	for i, p := range parts {
		if i == 0 {
			parts[i] = lowerFirst(p)
		} else {
			parts[i] = upperFirst(p)
		}
	}
	return valid(strings.Join(parts, ""))
}

// pascal returns a name as types have it.
func pascal(name string) string {
	parts := separated(name)
	for i, p := range parts {
		parts[i] = upperFirst(p)
	}
	return valid(strings.Join(parts, ""))
}

var notInName = regexp.MustCompile(`[^0-9A-Za-z]+`)

func separated(name string) []string {
	parts := notInName.Split(name, -1)
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// valid makes a name one that GraphQL takes.
func valid(name string) string {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// lowerFirst lowers the first letter, or all of a name in capitals: ID → id, URLs → urls.
func lowerFirst(s string) string {
	if strings.ToUpper(s) == s {
		return strings.ToLower(s)
	}
	runes := []rune(s)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && startsWord(runes[i+1:]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// startsWord reports whether the letter before rest begins a word: what follows is lower
// case, and not only the s of a plural.
func startsWord(rest []rune) bool {
	if len(rest) == 0 || !unicode.IsLower(rest[0]) {
		return false
	}
	return rest[0] != 's' || len(rest) > 1 && unicode.IsLower(rest[1])
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// upperSnake returns a value as enums have it. A sign at its beginning or end, as of an order
// or a grade, is a word.
func upperSnake(value string) string {
	all := words(value)
	for sign, word := range map[byte]string{'+': "PLUS", '-': "MINUS"} {
		if len(all) > 0 && value[0] == sign {
			all = append([]string{word}, all...)
		}
		if len(all) > 0 && value[len(value)-1] == sign {
			all = append(all, word)
		}
	}
	return valid(strings.ToUpper(strings.Join(all, "_")))
}

// normal makes names comparable: book_id, bookId and BookID are the same.
func normal(name string) string {
	return strings.ToLower(notInName.ReplaceAllString(name, ""))
}

var verbs = []string{"get", "list", "find", "fetch", "read"}

// fieldName returns the name of the field for an operation: its id without a verb in front,
// and without what a framework has appended from the path.
func fieldName(o *openapi.Operation) string {
	if o.ID == "" {
		return camel(pathName(o))
	}
	id := withoutPath(o)
	for _, v := range verbs {
		if len(id) > len(v) && strings.EqualFold(id[:len(v)], v) && !unicode.IsLower(rune(id[len(v)])) {
			if rest := strings.TrimLeft(id[len(v):], "_-. /"); rest != "" {
				id = rest
			}
			break
		}
	}
	return camel(id)
}

// withoutPath returns the id of an operation without what FastAPI appends: read_book of
// GET /books/{book_id} is read_book_books__book_id__get.
func withoutPath(o *openapi.Operation) string {
	appended := regexp.MustCompile(`\W`).ReplaceAllString(o.Path, "_") + "_" + strings.ToLower(o.Method)
	if name, ok := strings.CutSuffix(o.ID, appended); ok && name != "" {
		return name
	}
	return o.ID
}

// pathName is the name of an operation without an id: the literal parts of its path.
func pathName(o *openapi.Operation) string {
	parts := literals(o.Path)
	if len(parts) == 0 {
		return "root"
	}
	if strings.HasSuffix(o.Path, "}") {
		parts[len(parts)-1] = singular(parts[len(parts)-1])
	}
	name := strings.Join(parts, "_")
	if o.Method != http.MethodGet {
		name = strings.ToLower(o.Method) + "_" + name
	}
	return name
}

// literals returns the parts of a path that are no placeholders.
func literals(path string) (parts []string) {
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && !strings.Contains(part, "{") {
			parts = append(parts, part)
		}
	}
	return parts
}

func singular(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, "ies") && len(name) > 4:
		return name[:len(name)-3] + "y"
	case strings.HasSuffix(lower, "sses"), strings.HasSuffix(lower, "xes"), strings.HasSuffix(lower, "ches"),
		strings.HasSuffix(lower, "shes"):
		return name[:len(name)-2]
	case strings.HasSuffix(lower, "ss"), strings.HasSuffix(lower, "us"), strings.HasSuffix(lower, "is"):
		return name
	case strings.HasSuffix(lower, "s") && len(name) > 2:
		return name[:len(name)-1]
	}
	return name
}

func plural(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, "y") && len(name) > 1 && !strings.ContainsRune("aeiou", rune(lower[len(lower)-2])):
		return name[:len(name)-1] + "ies"
	case strings.HasSuffix(lower, "s"), strings.HasSuffix(lower, "x"), strings.HasSuffix(lower, "ch"), strings.HasSuffix(lower, "sh"):
		return name + "es"
	}
	return name + "s"
}

// idStem returns x of x_id, xId and xID, and whether the name is of that form.
func idStem(name string) (stem string, ok bool) {
	return suffixStem(name, "id")
}

// idsStem returns x of x_ids and xIds.
func idsStem(name string) (stem string, ok bool) {
	return suffixStem(strings.TrimSuffix(name, "[]"), "ids")
}

func suffixStem(name, suffix string) (string, bool) {
	all := words(name)
	if len(all) < 2 || !strings.EqualFold(all[len(all)-1], suffix) {
		return "", false
	}
	return strings.Join(all[:len(all)-1], "_"), true
}

// isID reports whether a member or parameter of this name is an id.
func isID(name string) bool {
	_, ok := idStem(name)
	return ok || normal(name) == "id"
}
