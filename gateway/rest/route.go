package rest

import (
	"fmt"
	"net/url"
	"strings"
)

// A Route is a call as the schema spells it: a method, a path, and query parameters, with
// placeholders in braces, as in "GET /reviews/{id}?lang={lang}".
//
// A placeholder in the query whose value is absent leaves its parameter out. One with
// several values repeats the parameter; if a separator follows the name, as in "{ids,}",
// it joins them instead.
type Route struct {
	Method string
	Path   string // with placeholders
	Query  []QueryParam
	paths  []string // the names of the placeholders of Path
}

// A QueryParam is one parameter of a route's query.
type QueryParam struct {
	Name        string
	Value       string // if it is constant
	Placeholder string
	Separator   string // between several values; "" repeats the parameter
}

// separators may follow the name in a placeholder.
const separators = ",|; "

// ParseRoute parses a call.
func ParseRoute(call string) (*Route, error) {
	method, target, ok := strings.Cut(call, " ")
	if !ok || method == "" || strings.ToUpper(method) != method || !strings.HasPrefix(target, "/") {
		return nil, fmt.Errorf("%q is not a call: write a method and a path, as in \"GET /things/{id}\"", call)
	}
	r := &Route{Method: method}
	var query string
	r.Path, query, _ = strings.Cut(target, "?")
	for rest := r.Path; ; {
		_, after, open := strings.Cut(rest, "{")
		if !open {
			break
		}
		name, next, closed := strings.Cut(after, "}")
		if !closed || name == "" {
			return nil, fmt.Errorf("%q has a brace without its counterpart", call)
		}
		r.paths = append(r.paths, name)
		rest = next
	}
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			r.Query = append(r.Query, parseQueryParam(part))
		}
	}
	return r, nil
}

func parseQueryParam(part string) QueryParam {
	name, value, _ := strings.Cut(part, "=")
	if !strings.HasPrefix(value, "{") || !strings.HasSuffix(value, "}") {
		return QueryParam{Name: name, Value: value}
	}
	p := QueryParam{Name: name, Placeholder: value[1 : len(value)-1]}
	if n := len(p.Placeholder) - 1; n > 0 && strings.ContainsRune(separators, rune(p.Placeholder[n])) {
		p.Placeholder, p.Separator = p.Placeholder[:n], p.Placeholder[n:]
	}
	return p
}

// Placeholders returns the names of all placeholders, in order, each once.
func (r *Route) Placeholders() (names []string) {
	seen := map[string]bool{}
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, name := range r.paths {
		add(name)
	}
	for _, p := range r.Query {
		add(p.Placeholder)
	}
	return names
}

// InPath returns the names of the placeholders in the path.
func (r *Route) InPath() []string { return r.paths }

// Plain returns the route with empty placeholders and without its query: what identifies
// the operation in a document.
func (r *Route) Plain() string { return r.Method + " " + Plain(r.Path) }

// Plain returns a path without the names of its placeholders, which documents choose freely.
func Plain(path string) string {
	var b strings.Builder
	for {
		before, after, open := strings.Cut(path, "{")
		b.WriteString(before)
		_, next, closed := strings.Cut(after, "}")
		if !open || !closed {
			return b.String()
		}
		b.WriteString("{}")
		path = next
	}
}

// path returns the path with the values of args, each escaped as one segment.
func (r *Route) path(args Args) string {
	var path strings.Builder
	rest := r.Path
	for _, name := range r.paths {
		before, after, _ := strings.Cut(rest, "{"+name+"}")
		path.WriteString(before)
		path.WriteString(escape(args.Get(name)))
		rest = after
	}
	path.WriteString(rest)
	return path.String()
}

// escape escapes a value as one segment of a path, which is never "." or "..".
func escape(value string) string {
	switch value {
	case ".", "..":
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}

// query returns the query with the values of args.
func (r *Route) query(args Args) string {
	var query []string
	add := func(name, escaped string) { query = append(query, name+"="+escaped) }
	for _, p := range r.Query {
		switch {
		case p.Placeholder == "":
			add(p.Name, p.Value)
		case p.Separator != "":
			if values := args.all(p.Placeholder); len(values) > 0 {
				add(p.Name, joined(values, p.Separator))
			}
		default:
			for _, v := range args.all(p.Placeholder) {
				add(p.Name, url.QueryEscape(v))
			}
		}
	}
	return strings.Join(query, "&")
}

// joined escapes values, but not the separators between them.
func joined(values []string, separator string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = url.QueryEscape(v)
	}
	if separator == " " {
		separator = "%20"
	}
	return strings.Join(escaped, separator)
}
