package graphqlserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

var (
	errNoObject = errors.New("not a JSON object")
	errTwice    = errors.New("two members of one name")
)

// members reads a JSON object by the exact names of its members. One that is
// there twice is an error: who looked at the request before us may have read
// the other one (RFC 8259, section 4).
func members(object []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errNoObject
	}
	found := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNoObject
		}
		key, _ := name.(string) // in an object the decoder accepts nothing else
		if _, twice := found[key]; twice {
			return nil, errTwice
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNoObject
		}
		found[key] = value
	}
	if _, err := d.Token(); err != nil { // the brace that closes
		return nil, errNoObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoObject
	}
	return found, nil
}
