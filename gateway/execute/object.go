package execute

import (
	"io"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// Object is an object of which no field with a resolver was selected, at any
// depth. It is written directly from the Go value, with a single allocation.
type Object[E, T any] struct {
	Shape[E, T]
	Of *T
}

// Objects is a list of such objects. It takes a single allocation, whatever its
// length.
type Objects[E, T any] struct {
	Shape[E, T]
	Of []*T
}

// A Shape has what is common to all objects with the same selection.
type Shape[E, T any] struct {
	In     E // the execution context of the generated code
	Fields []graphql.CollectedField
	Write  func(in E, w io.Writer, field *graphql.CollectedField, of *T) // writes the value of one field
}

// OneType reports whether all fields were selected on the same type, and none is refused.
func OneType(fields []graphql.CollectedField) bool {
	for i := range fields {
		if fields[i].ObjectDefinition != fields[0].ObjectDefinition || refusal(&fields[i]) != nil {
			return false
		}
	}
	return true
}

// All reports whether each element of list is whole. A nil element is allowed
// unless nonNull is set.
func All[T any](list []*T, nonNull bool, whole func(*T) bool) bool {
	return !slices.ContainsFunc(list, func(v *T) bool { return !whole(v) && (v != nil || nonNull) })
}

// MarshalGQL writes the object.
func (o Object[E, T]) MarshalGQL(w io.Writer) {
	if b := bufferOf(w); b != nil {
		b.fields(len(o.Fields))
	}
	o.write(w, o.Of)
}

// MarshalGQL writes the list.
func (o Objects[E, T]) MarshalGQL(w io.Writer) {
	if b := bufferOf(w); b != nil {
		b.fields(len(o.Of) * len(o.Fields))
	}
	_, _ = io.WriteString(w, "[")
	for i, of := range o.Of {
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		o.write(w, of)
	}
	_, _ = io.WriteString(w, "]")
}

func (s *Shape[E, T]) write(w io.Writer, of *T) {
	if of == nil {
		graphql.Null.MarshalGQL(w)
		return
	}
	_, _ = io.WriteString(w, "{")
	for i := range s.Fields {
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		String(s.Fields[i].Alias).MarshalGQL(w)
		_, _ = io.WriteString(w, ":")
		s.Write(s.In, w, &s.Fields[i], of)
	}
	_, _ = io.WriteString(w, "}")
}

// Int marshals as a JSON number.
type Int int64

// MarshalGQL implements [graphql.Marshaler].
func (n Int) MarshalGQL(w io.Writer) {
	if b := bufferOf(w); b != nil {
		_, _ = b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(n), 10))
		return
	}
	_, _ = io.WriteString(w, strconv.FormatInt(int64(n), 10))
}

// Bool marshals as true or false.
type Bool bool

// MarshalGQL implements [graphql.Marshaler].
func (b Bool) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatBool(bool(b))) }
