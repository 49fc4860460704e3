package scalar

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// DateTime is a time in RFC 3339 format. Other formats that services use are
// converted: without a zone, as in Python's datetime.isoformat(), it is UTC, and a
// leap second, which many clients cannot parse, becomes the following second.
type DateTime string

var errNotDateTime = errors.New("not an RFC 3339 date and time")

// ParseDateTime returns s in RFC 3339 format, or an error if it is not a time.
func ParseDateTime(s string) (DateTime, error) {
	if isRFC3339(s) {
		return DateTime(s), nil
	}
	if t, ok := parseLenient(s); ok {
		if s = t.Format(time.RFC3339Nano); isRFC3339(s) { // its year and its zone may be beyond that
			return DateTime(s), nil
		}
	}
	return "", errNotDateTime
}

// isRFC3339 rejects what time.Parse accepts beyond RFC 3339: hours of one digit, commas,
// and zones that are out of range.
func isRFC3339(s string) bool {
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return false
	}
	if s[len("2006-01-02T15")] != ':' || s[len("2006-01-02T15:04:05")] == ',' {
		return false
	}
	zone := s[len(s)-len("07:00"):]
	return strings.HasSuffix(zone, "Z") || zone[:2] < "24" && zone[3:] < "60"
}

// layouts are those that are read; time.Parse takes a fraction after each.
var layouts = [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"}

// parseLenient parses times as databases and languages write them: in lower case, with a
// space instead of the T, or with another format of the zone.
func parseLenient(s string) (time.Time, bool) {
	s = strings.ToUpper(s)
	const (
		day    = len("2006-01-02")
		minute = len("2006-01-02T15:04")
		second = len("2006-01-02T15:04:05")
	)
	if len(s) < second {
		return time.Time{}, false
	}
	if s[day] == ' ' {
		s = s[:day] + "T" + s[day+1:]
	}
	leap := s[minute:second] == ":60"
	if leap {
		s = s[:minute] + ":59" + s[second:]
	}
	for _, form := range layouts {
		if t, err := time.Parse(form, s); err == nil {
			if leap {
				return t.Add(time.Second), t.UTC().Hour() == 23 && t.UTC().Minute() == 59
			}
			return t, true
		}
	}
	return time.Time{}, false
}

// UnmarshalJSON accepts a JSON string that [ParseDateTime] accepts.
func (d *DateTime) UnmarshalJSON(b []byte) error {
	// A value in RFC 3339 format needs no escapes; others take the slower path.
	if len(b) >= 2 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return d.UnmarshalGQL(string(b[1 : len(b)-1]))
	}
	var s *string
	if err := json.Unmarshal(b, &s); err != nil || s == nil {
		return errNotDateTime
	}
	return d.UnmarshalGQL(*s)
}

// buffer is a writer that lends its memory, such as a [bytes.Buffer].
type buffer interface {
	io.Writer
	AvailableBuffer() []byte
}

// MarshalGQL writes the instant as a JSON string.
func (d DateTime) MarshalGQL(w io.Writer) {
	if b, ok := w.(buffer); ok {
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
