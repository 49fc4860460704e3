package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNotObject = errors.New("not a JSON object")
	errNotList   = errors.New("not a JSON list")
	errNotJSON   = errors.New("not JSON")
	errNotUTF8   = errors.New("not valid UTF-8")
)

// DecodeObject decodes a response that must be a JSON object, and not null. The error
// has the position of the mistake, but nothing of the response.
func DecodeObject(answer []byte, out any) error {
	if !startsWith(answer, '{') {
		return errNotObject
	}
	return decode(answer, out)
}

// DecodeList is [DecodeObject] for a response that must be a JSON array.
func DecodeList(answer []byte, out any) error {
	if !startsWith(answer, '[') {
		return errNotList
	}
	return decode(answer, out)
}

// decode accepts what encoding/json accepts, in one pass instead of two, but for strings that
// are not valid UTF-8: two different ids would become one. It uses the decoder that
// encoding/json will have in a later version of Go, which takes about a third of the time and
// of the allocations. Field names are case-sensitive: a service may have an "ID" and a
// "userId" of its own.
func decode(answer []byte, out any) error {
	duplicates, bad := jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)
	err := json.Unmarshal(answer, out, duplicates)
	if err != nil && !jsontext.Value(answer).IsValid(duplicates) && jsontext.Value(answer).IsValid(duplicates, bad) {
		// Where the bad string is ignored, it does not matter.
		err = json.Unmarshal(answer, out, duplicates, bad, json.WithUnmarshalers(json.UnmarshalFromFunc(decodeText)))
	}
	if err != nil {
		return reduced(err)
	}
	return nil
}

// decodeText decodes a value if it is a string, which must be valid UTF-8.
func decodeText(d *jsontext.Decoder, out any) error {
	if d.PeekKind() != jsontext.KindString {
		return errors.ErrUnsupported // for the default
	}
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	if _, err := jsontext.AppendUnquote(nil, raw); err != nil {
		return errNotUTF8
	}
	return json.Unmarshal(raw, out)
}

// reduced removes from an error of the decoder, which quotes values and member names,
// everything that the service sent.
func reduced(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		// The names in the pointer are those of our types: unknown members are
		// skipped.
		if errors.Is(err, errNotUTF8) {
			return fmt.Errorf("invalid value at %q: %w", e.JSONPointer, errNotUTF8)
		}
		return fmt.Errorf("invalid value at %q: want %v", e.JSONPointer, e.GoType)
	}
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case !ok:
		return errNotJSON
	case errors.Is(e, io.ErrUnexpectedEOF):
		return fmt.Errorf("truncated JSON at byte %d", e.ByteOffset)
	}
	return fmt.Errorf("invalid JSON at byte %d", e.ByteOffset)
}

func startsWith(b []byte, c byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == c
}
