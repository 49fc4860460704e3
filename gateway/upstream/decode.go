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

// decode accepts what encoding/json accepts, in one pass instead of two. It uses the
// decoder that encoding/json will have in a later version of Go, which takes about a
// third of the time and of the allocations. Field names are case-sensitive: a service
// may have an "ID" and a "userId" of its own.
func decode(answer []byte, out any) error {
	err := json.Unmarshal(answer, out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return reduced(err)
	}
	return nil
}

// reduced removes from an error of the decoder, which quotes values and member names,
// everything that the service sent.
func reduced(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		// The names in the pointer are those of our types: unknown members are
		// skipped.
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
