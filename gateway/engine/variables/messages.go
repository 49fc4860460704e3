package variables

import (
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"

	"tributary/gateway/internal/truncate"
)

// badVariable is why the value of a variable cannot be used: where it is, what is there, and
// which type is expected.
type badVariable struct {
	schema   *ast.Schema
	suggest  bool // whether messages may name what the schema has
	variable *ast.VariableDefinition
	path     ast.Path  // to the value, from the name of the variable
	typ      *ast.Type // of the value; nil for a field that its type does not have
	parent   *ast.Definition
	value    any
	given    bool
}

// Explain returns the error for a variable that does not fit its type, given that of the
// library, whose path leads to the value in variables. With suggest, it may name what the
// schema has.
func Explain(schema *ast.Schema, suggest bool, op *ast.OperationDefinition, variables map[string]any, err *gqlerror.Error) *gqlerror.Error {
	if len(err.Path) < 2 {
		return &gqlerror.Error{Message: err.Message}
	}
	name, _ := err.Path[1].(ast.PathName)
	v := op.VariableDefinitions.ForName(string(name))
	if v == nil {
		return &gqlerror.Error{Message: err.Message}
	}
	b := badVariable{schema: schema, suggest: suggest, variable: v, path: err.Path[1:], typ: v.Type}
	b.value, b.given = variables[v.Variable]
	for _, step := range b.path[1:] {
		b.enter(step)
	}
	return &gqlerror.Error{Message: b.message(), Locations: locate(v.Position)}
}

// enter goes on to an element of a list, or to a field of an input object.
func (b *badVariable) enter(step ast.PathElement) {
	switch step := step.(type) {
	case ast.PathIndex:
		if list, ok := b.value.([]any); ok && int(step) < len(list) { // any other value stands for a list of itself
			b.value = list[step]
		}
		b.typ = b.typ.Elem
	case ast.PathName:
		object, _ := b.value.(map[string]any)
		b.value, b.given = object[string(step)]
		b.parent, b.typ = b.schema.Types[b.typ.Name()], nil
		if field := b.parent.Fields.ForName(string(step)); field != nil {
			b.typ = field.Type
		}
	}
}

func (b *badVariable) message() string {
	variable := fmt.Sprintf("Variable \"$%s\"", b.variable.Variable)
	top := len(b.path) == 1
	switch {
	case top && !b.given:
		return fmt.Sprintf("%s of required type %q was not provided.", variable, b.typ)
	case top && b.value == nil:
		return fmt.Sprintf("%s of non-null type %q must not be null.", variable, b.typ)
	case top:
		return variable + " got an invalid value: " + b.reason()
	}
	return fmt.Sprintf("%s got an invalid value at %q: %s", variable, short(b.path.String()), b.reason())
}

// reason says what is wrong with the value.
func (b *badVariable) reason() string {
	name := ""
	if last, ok := b.path[len(b.path)-1].(ast.PathName); ok {
		name = string(last)
	}
	switch {
	case b.typ == nil:
		return fmt.Sprintf("field %q is not defined by type %q.%s", short(name), b.parent.Name, b.didYouMean(name))
	case !b.given:
		return fmt.Sprintf("field %q of required type %q was not provided.", name, b.typ)
	}
	if text, ok := b.value.(string); ok && b.schema.Types[b.typ.Name()].Kind == ast.Enum {
		return fmt.Sprintf("expected %q%s, found %q.", b.typ, b.meaning(), short(text))
	}
	return fmt.Sprintf("expected %q%s, found %s.", b.typ, b.meaning(), found(b.value))
}

func (b *badVariable) didYouMean(name string) string {
	if !b.suggest || len(name) > maxSuggested {
		return ""
	}
	var names []string
	for _, field := range b.parent.Fields {
		names = append(names, field.Name)
	}
	near := core.SuggestionList(name, names)
	if len(near) == 0 {
		return ""
	}
	return " Did you mean " + core.QuotedOrList(near...) + "?"
}

// meaning says in words which values the expected type has, in parentheses.
func (b *badVariable) meaning() string {
	def := b.schema.Types[b.typ.Name()]
	switch {
	case b.typ.Elem != nil:
		return " (a list)"
	case def.Kind == ast.InputObject:
		return " (an object)"
	case def.Kind == ast.Enum && b.suggest:
		var names []string
		for _, value := range def.EnumValues {
			names = append(names, value.Name)
		}
		return " (" + core.OrList(names...) + ")"
	}
	if meaning, ok := map[string]string{
		"Int": "an integer", "Float": "a number", "String": "a string", "Boolean": "true or false", "ID": idMeaning,
	}[def.Name]; ok {
		return " (" + meaning + ")"
	}
	return ""
}

// maxSuggested is the length of the longest name for which the right one is suggested.
const maxSuggested = 128

// idMeaning says which values are IDs.
const idMeaning = "a string or an integer"

// found describes a decoded JSON value. It does not repeat strings, which may be secrets.
func found(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return short(string(value))
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	}
	return short(fmt.Sprint(value))
}

// short shortens a text of the client's that a message repeats.
func short(text string) string { return truncate.String(text, 60) }

// locate returns the location of a position in the document, for an error.
func locate(at *ast.Position) []gqlerror.Location {
	if at == nil {
		return nil
	}
	return []gqlerror.Location{{Line: at.Line, Column: at.Column}}
}
