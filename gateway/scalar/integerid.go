package scalar

import (
	"io"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/fault"
)

// IntegerID is an ID in an input that its service takes as an integer: a string in GraphQL,
// a number in JSON, with the same digits.
type IntegerID string

var errNotIntegerID = fault.BadUserInputf("an id must be an integer")

// IsInteger reports whether s is an integer as JSON writes it.
func IsInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	for _, r := range digits {
		if r < '0' || r > '9' {
			return false
		}
	}
	return digits == "0" || digits != "" && digits[0] != '0'
}

// MarshalJSON writes the digits.
func (i IntegerID) MarshalJSON() ([]byte, error) { return []byte(i), nil }

// MarshalGQL writes a string.
func (i IntegerID) MarshalGQL(w io.Writer) { graphql.MarshalID(string(i)).MarshalGQL(w) }

// UnmarshalGQL takes what is an ID, if it is an integer.
func (i *IntegerID) UnmarshalGQL(v any) error {
	id, err := graphql.UnmarshalID(v)
	if err != nil {
		return err
	}
	if !IsInteger(id) || len(id) > MaxIDBytes {
		return errNotIntegerID
	}
	*i = IntegerID(id)
	return nil
}
