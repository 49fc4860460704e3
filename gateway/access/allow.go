package access

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/auth"
	"tributary/gateway/fault"
)

// An Allow is a rule of a project's own, from @allow(rule: "NAME").
type Allow struct {
	Name string
	// Func decides. It must be quick: it is called for each occurrence of the field in an
	// operation, before anything is loaded and also if the response is cached. It is safe for
	// concurrent use. A rule without one refuses.
	Func func(ctx context.Context, f Field) bool
	// At is the directive in the schema; nil at run time.
	At *ast.Position
}

// A Field is a field in an operation that a rule decides on.
type Field struct {
	Viewer     *auth.Viewer   // never nil: an anonymous request is refused before
	Coordinate string         // as in "Author.email"
	Args       map[string]any // its arguments, with variables and defaults
}

// Text returns an argument of a type such as ID or String as text. It is not ok if the
// argument is absent, null or of another form.
func (f Field) Text(argument string) (text string, ok bool) { return textOf(f.Args[argument]) }

// Texts returns an argument that is a list as texts, or a single value as a list of it. It
// is not ok if one of them is not text.
func (f Field) Texts(argument string) (texts []string, ok bool) {
	var list []any
	switch v := f.Args[argument].(type) {
	case []any:
		list = v
	case []string: // of a variable with a single value
		return v, true
	default:
		list = []any{v}
	}
	for _, v := range list {
		text, ok := textOf(v)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// textOf returns the text of an argument as the scalar ID reads it.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case []json.Number: // of a variable with a single value
		if len(v) == 1 {
			return v[0].String(), true
		}
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}

// CheckField returns nil if the rules of a project's own permit a field.
func (r Rule) CheckField(ctx context.Context, f Field) *fault.Error {
	for _, a := range r.Allow {
		if a.Func == nil || !a.Func(ctx, f) {
			return Refused()
		}
	}
	return nil
}

// Refused is the error of a field that a rule of a project's own refuses.
func Refused() *fault.Error {
	return &fault.Error{Kind: fault.Forbidden, Message: "you may not see this field"}
}
