package scalar

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Int64 is a 64-bit integer. It is a JSON number with all of its digits, so clients must
// not parse it as a float.
type Int64 int64

var errNotInt64 = errors.New("not an integer of 64 bits")

// UnmarshalJSON accepts a JSON number with an integral value only.
func (i *Int64) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		n, err = strconv.ParseInt(expandExponent(string(b)), 10, 64)
	}
	if err != nil {
		return errNotInt64
	}
	*i = Int64(n)
	return nil
}

// MarshalGQL writes the digits.
func (i Int64) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatInt(int64(i), 10)) }

// UnmarshalGQL takes an integer from a document or from variables, where it may also be a
// string of digits.
func (i *Int64) UnmarshalGQL(v any) error {
	switch v := v.(type) {
	case int64:
		*i = Int64(v)
		return nil
	case int:
		*i = Int64(v)
		return nil
	case json.Number:
		return i.UnmarshalJSON([]byte(v))
	case string:
		if !strings.ContainsAny(v, ".eE") {
			return i.UnmarshalJSON([]byte(v))
		}
	}
	return errNotInt64
}
