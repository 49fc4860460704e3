package scalar

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"
)

// DateTime is an instant in RFC 3339 form, kept as it was written. Services
// that leave the zone out, as Python's datetime.isoformat() does, mean UTC.
type DateTime string

var errNotDateTime = errors.New("not an RFC 3339 date and time")

// zoneless are the forms that are completed to RFC 3339 by a Z.
var zoneless = [...]string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"}

// ParseDateTime checks s and gives it in RFC 3339 form.
func ParseDateTime(s string) (DateTime, error) {
	if _, err := time.Parse(time.RFC3339, s); err == nil {
		return DateTime(s), nil
	}
	for _, layout := range zoneless {
		if t, err := time.Parse(layout, s); err == nil {
			return DateTime(t.Format(time.RFC3339Nano)), nil
		}
	}
	return "", errNotDateTime
}

// UnmarshalJSON takes a JSON string that [ParseDateTime] takes.
func (d *DateTime) UnmarshalJSON(b []byte) error {
	// What RFC 3339 allows needs no escapes, and what somebody escaped all the
	// same is read with more effort.
	if len(b) >= 2 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return d.UnmarshalGQL(string(b[1 : len(b)-1]))
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil || s == nil {
		return errNotDateTime
	}
	return d.UnmarshalGQL(*s)
}

// MarshalGQL writes the instant as a JSON string.
func (d DateTime) MarshalGQL(w io.Writer) {
	if b, buffered := w.(*bytes.Buffer); buffered {
		_, _ = b.Write(strconv.AppendQuote(b.AvailableBuffer(), string(d)))
		return
	}
	_, _ = io.WriteString(w, strconv.Quote(string(d)))
}

// UnmarshalGQL takes a string from a document or from variables.
func (d *DateTime) UnmarshalGQL(v any) (err error) {
	s, ok := v.(string)
	if !ok {
		return errNotDateTime
	}
	*d, err = ParseDateTime(s)
	return err
}
