package execute

import (
	"bytes"
	"io"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// Object is an object of which only scalar fields were selected. It is written
// directly from the Go value, with a single allocation.
type Object[T any] struct {
	Fields []graphql.CollectedField
	Of     *T
	Write  func(w io.Writer, name string, of *T) // writes the field of a name
}

// Plain reports whether all fields are among names and belong to one type.
func Plain(fields []graphql.CollectedField, names ...string) bool {
	for i := range fields {
		if !slices.Contains(names, fields[i].Name) || fields[i].ObjectDefinition != fields[0].ObjectDefinition {
			return false
		}
	}
	return true
}

// MarshalGQL writes the object.
func (o Object[T]) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, "{")
	for i := range o.Fields {
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		String(o.Fields[i].Alias).MarshalGQL(w)
		_, _ = io.WriteString(w, ":")
		o.Write(w, o.Fields[i].Name, o.Of)
	}
	_, _ = io.WriteString(w, "}")
}

// Int marshals as a JSON number.
type Int int64

// MarshalGQL implements [graphql.Marshaler].
func (n Int) MarshalGQL(w io.Writer) {
	if b, buffered := w.(*bytes.Buffer); buffered {
		_, _ = b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(n), 10))
		return
	}
	_, _ = io.WriteString(w, strconv.FormatInt(int64(n), 10))
}

// Bool marshals as true or false.
type Bool bool

// MarshalGQL implements [graphql.Marshaler].
func (b Bool) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatBool(bool(b))) }
