package graphqlserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNoObject = errors.New("not a JSON object")
	errTwice    = errors.New("two members of one name")
	errHalf     = errors.New("half of a surrogate pair")
)

// members reads a JSON object by the exact names of its members. One that is
// there twice is an error: who looked at the request before us may have read
// the other one (RFC 8259, section 4). So is an escape that is half of a
// surrogate pair: what it stands for, each reader decides for itself (section 8.2).
func members(object []byte) (map[string]json.RawMessage, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '{' {
		return nil, errNoObject
	}
	found := map[string]json.RawMessage{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, unreadable(object)
		}
		key := name.String()
		if _, twice := found[key]; twice {
			return nil, errTwice
		}
		value, err := d.ReadValue()
		if err != nil {
			return nil, unreadable(object)
		}
		end := int(d.InputOffset())
		found[key] = object[end-len(value) : end] // the decoder's own may change
	}
	if _, err := d.ReadToken(); err != nil { // the brace that closes
		return nil, errNoObject
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errNoObject
	}
	return found, nil
}

// unreadable tells what is wrong with what is no JSON, or no text.
func unreadable(object []byte) error {
	if jsontext.Value(object).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
		return errHalf
	}
	return errNoObject
}
