package scalar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Decimal is a JSON number (RFC 8259, section 6) that keeps its digits as written:
// 10.50 stays 10.50, and 0.1 is never 0.1000000000000000055. The zero value is 0.
type Decimal string

var errNotNumber = errors.New("not a JSON number")

// UnmarshalJSON accepts a JSON number only: neither null nor a string of digits.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	// The decoder passes one valid JSON value, so the first byte determines its type.
	if len(b) == 0 || (b[0] != '-' && (b[0] < '0' || b[0] > '9')) {
		return errNotNumber
	}
	*d = Decimal(b)
	return nil
}

// MarshalJSON writes the digits.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// MarshalGQL writes the digits.
func (d Decimal) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, d.String()) }

// UnmarshalGQL takes a number from a document or from variables.
func (d *Decimal) UnmarshalGQL(v any) error {
	switch v := v.(type) {
	case json.Number:
		return d.UnmarshalJSON([]byte(v))
	case int64, float64:
		*d = Decimal(fmt.Sprint(v))
		return nil
	}
	return errNotNumber
}

// String gives the digits.
func (d Decimal) String() string {
	if d == "" {
		return "0"
	}
	return string(d)
}
