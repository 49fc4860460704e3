package add

import (
	"slices"
	"strings"

	"tributary/cmd/trib/internal/openapi"
)

// A result is what an operation answers with.
type result struct {
	schema *openapi.Schema // of one value
	list   bool
	at     string // the member of the response that has it
}

// resultOf returns the result of an operation, without its envelope.
func resultOf(o *openapi.Operation) *result {
	s := o.Result
	if s == nil {
		return nil
	}
	return unwrap(s, o.Path)
}

func unwrap(s *openapi.Schema, path string) *result {
	if s.Type == openapi.Array {
		return &result{schema: s.Items, list: true}
	}
	if s.Type != openapi.Object || s.Property("id") != nil {
		return &result{schema: s}
	}
	if p := s.Property("_embedded"); p != nil && p.Schema.Type == openapi.Object { // HAL
		for _, inner := range p.Schema.Properties {
			if inner.Schema.Type == openapi.Array {
				return &result{schema: inner.Schema.Items, list: true, at: "_embedded." + inner.Name}
			}
		}
	}
	p := envelopeMember(s, path)
	switch {
	case p == nil || strings.Contains(p.Name, "."):
		return &result{schema: s}
	case p.Schema.Type == openapi.Array:
		return &result{schema: p.Schema.Items, list: true, at: p.Name}
	}
	return &result{schema: p.Schema, at: p.Name}
}

// always are members that are envelopes whatever stands beside them, often those that are
// if only what belongs to envelopes does.
var (
	always = []string{"data"}
	often  = []string{"items", "results", "result", "content", "value", "values", "records", "record", "entries", "list",
		"hits", "elements", "rows", "item", "payload", "response"}
	beside = []string{
		"meta", "metadata", "links", "_links", "_meta", "included", "jsonapi", "paging", "pagination", "page", "pages", "pageable", "sort",
		"total", "count", "size", "limit", "offset", "skip", "next", "prev", "previous", "first", "last", "number", "empty",
		"cursor", "cursors",
		"status", "success", "ok", "message", "messages", "error", "errors", "code", "object", "url", "took", "timestamp",
		"warnings", "version", "type", "kind", "etag", "self",
	}
)

func envelopeMember(s *openapi.Schema, path string) *openapi.Property {
	for _, name := range always {
		if p := s.Property(name); p != nil && (p.Schema.Type == openapi.Array || p.Schema.Type == openapi.Object) {
			return p
		}
	}
	var only *openapi.Property
	for _, p := range s.Properties {
		if besides(p.Name) {
			continue
		}
		if only != nil {
			return nil
		}
		only = p
	}
	if only != nil && s.Name == "" && only.Schema.Type == openapi.Object && addressed(only.Name, path) {
		return only
	}
	if only == nil || only.Schema.Type != openapi.Array &&
		(only.Schema.Type != openapi.Object || len(s.Properties) > 1 && !slices.Contains(often, strings.ToLower(only.Name))) {
		return nil
	}
	if slices.Contains(often, strings.ToLower(only.Name)) || len(s.Properties) > 1 && only.Schema.Type == openapi.Array &&
		only.Schema.Items.Type == openapi.Object {
		return only
	}
	return nil
}

// addressed reports whether a path that ends with a parameter leads to values of a name, as
// /owners/{id} does to an owner.
func addressed(name, path string) bool {
	parts := literals(path)
	return strings.HasSuffix(path, "}") && len(parts) > 0 && normal(singular(parts[len(parts)-1])) == normal(name)
}

// besides reports whether a member is metadata of an envelope, next to the values.
func besides(name string) bool {
	all := words(name)
	for _, w := range all {
		if !slices.Contains(beside, strings.ToLower(w)) &&
			!slices.Contains([]string{"has", "more", "per", "is", "of", "items", "elements", "results", "current",
				"incomplete", "token", "key", "time"}, strings.ToLower(w)) {
			return slices.Contains(beside, strings.ToLower(name))
		}
	}
	return len(all) > 0 && !slices.Contains(often, strings.ToLower(name))
}
