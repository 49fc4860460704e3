package execute

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// String marshals as a JSON string, like [graphql.MarshalString].
type String string

// MarshalString replaces [graphql.MarshalString].
func MarshalString(s string) graphql.Marshaler { return String(s) }

// MarshalGQL implements [graphql.Marshaler].
func (s String) MarshalGQL(w io.Writer) {
	b := bufferOf(w)
	if b == nil || !plain(string(s)) {
		graphql.MarshalString(string(s)).MarshalGQL(w)
		return
	}
	quoted := append(b.AvailableBuffer(), '"')
	quoted = append(quoted, s...)
	_, _ = b.Write(append(quoted, '"'))
}

// plain reports whether nothing in s has to be escaped.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
