package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
)

// An object is a JSON object whose members are in the order of the document.
type object []member

type member struct {
	name  string
	value any // object, []any, string, bool, nil, or a number
}

func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (o object) object(name string) object { v, _ := o.get(name).(object); return v }

func (o object) list(name string) []any { v, _ := o.get(name).([]any); return v }

func (o object) string(name string) string { v, _ := o.get(name).(string); return v }

func (o object) bool(name string) bool { v, _ := o.get(name).(bool); return v }

// parse parses a document in JSON or YAML. The error begins with a line, if there is one.
func parse(text []byte) (object, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("1: the file is empty")
	case trimmed[0] == '<':
		return nil, errors.New("1: this is HTML or XML, not an OpenAPI document: give the address of its JSON or YAML")
	case trimmed[0] == '{':
		return parseJSON(text)
	}
	return parseYAML(text)
}

func parseJSON(text []byte) (object, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := readJSON(d)
	if err == nil {
		if _, after := d.ReadToken(); !errors.Is(after, io.EOF) {
			err = after
		}
	}
	if err != nil {
		line := 1 + bytes.Count(text[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		return nil, fmt.Errorf("%d: this is not JSON", line)
	}
	return v.(object), nil
}

func readJSON(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case jsontext.KindBeginObject:
		o := object{}
		for d.PeekKind() != jsontext.KindEndObject {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			m := member{name: name.String()}
			if m.value, err = readJSON(d); err != nil {
				return nil, err
			}
			o = append(o, m)
		}
		_, err = d.ReadToken()
		return o, err
	case jsontext.KindBeginArray:
		list := []any{}
		for d.PeekKind() != jsontext.KindEndArray {
			v, err := readJSON(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.ReadToken()
		return list, err
	case jsontext.KindString:
		return token.String(), nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	case jsontext.KindNumber:
		n, _ := token.Float() // too large a number is infinite
		return n, nil
	}
	return nil, nil
}

// position matches where goccy/go-yaml found a mistake.
var position = regexp.MustCompile(`\[(\d+):\d+\] ([^\n]*)`)

func parseYAML(text []byte) (object, error) {
	var v any
	if err := yaml.UnmarshalWithOptions(text, &v, yaml.UseOrderedMap(), yaml.AllowDuplicateMapKey()); err != nil {
		if at := position.FindStringSubmatch(err.Error()); at != nil {
			return nil, fmt.Errorf("%s: this is neither JSON nor YAML: %s", at[1], at[2])
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("1: this is neither JSON nor YAML: %s", first)
	}
	o, ok := fromYAML(v).(object)
	if !ok {
		return nil, errors.New("1: this is not an OpenAPI document: it has no openapi and no swagger")
	}
	return o, nil
}

// fromYAML turns the values of the YAML decoder into those of the JSON decoder.
func fromYAML(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		o := make(object, len(v))
		for i, item := range v {
			o[i] = member{fmt.Sprint(item.Key), fromYAML(item.Value)}
		}
		return o
	case []any:
		for i := range v {
			v[i] = fromYAML(v[i])
		}
		return v
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	return v
}
