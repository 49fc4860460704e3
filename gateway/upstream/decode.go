package upstream

import (
	"bytes"
	"encoding/json"
	"errors"
)

var (
	errNotObject = errors.New("not a JSON object")
	errNotList   = errors.New("not a JSON list")
)

// DecodeObject decodes an answer that must be a JSON object: null is none.
func DecodeObject(answer []byte, out any) error {
	if !startsWith(answer, '{') {
		return errNotObject
	}
	return json.Unmarshal(answer, out)
}

// DecodeList decodes an answer that must be a JSON list: null is none.
func DecodeList(answer []byte, out any) error {
	if !startsWith(answer, '[') {
		return errNotList
	}
	return json.Unmarshal(answer, out)
}

func startsWith(b []byte, c byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == c
}
