package graphqlserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"tributary/gateway/fault"
)

// readVariables checks that the variables of a request are a JSON object without duplicate
// names, and keeps them as JSON: only the operation tells which ones are used. Null and
// nothing are an object without members.
func (req *Request) readVariables(raw []byte) *badRequest {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	err := eachMember(raw, func([]byte, json.RawMessage) {})
	if errors.Is(err, errNoObject) {
		return &badRequest{status: http.StatusBadRequest, message: "variables must be an object"}
	}
	if err != nil {
		return &badRequest{status: http.StatusBadRequest, message: "variables has " + err.Error()}
	}
	req.rawVariables = raw
	return nil
}

// decodeVariables decodes the variables that the operation declares, and drops the text of the
// request, with all others. A result is why they cannot be decoded.
func (q *query) decodeVariables() *Result {
	kept := len(q.Query)
	if q.lease != nil {
		defer func() { q.lease.Shrink(kept) }()
	}
	raw := q.rawVariables
	if raw == nil {
		return nil
	}
	q.rawVariables = nil
	declared := make(map[string]bool, len(q.selected.VariableDefinitions))
	for _, v := range q.selected.VariableDefinitions {
		declared[v.Variable] = true
	}
	q.Variables = make(map[string]any, len(declared))
	var failed error
	err := eachMember(raw, func(name []byte, value json.RawMessage) {
		if !declared[string(name)] {
			return
		}
		kept += len(value) + countValues(value)*valueBytes
		v, err := decodeValue(jsontext.NewDecoder(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true)))
		failed = errors.Join(failed, err)
		q.Variables[string(name)] = v
	})
	if errors.Join(err, failed) == nil {
		return nil
	}
	refused := refuseOne(fault.BadUserInput, "variables must be an object")
	refused.malformed = true
	return refused
}

// decodeValue decodes the next value of d as encoding/json does, with numbers by their
// digits. Unlike that package, it does not copy the text before.
func decodeValue(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return decodeObject(d)
	case '[':
		return decodeList(d)
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	}
	return nil, nil
}

func decodeObject(d *jsontext.Decoder) (any, error) {
	object := map[string]any{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String() // before what follows takes its place
		if object[key], err = decodeValue(d); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return object, err
}

func decodeList(d *jsontext.Decoder) (any, error) {
	list := []any{}
	for d.PeekKind() != ']' {
		v, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.ReadToken()
	return list, err
}
