package rest

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

var errNotMember = errors.New("not of a type that the union has")

// Union decodes an object whose member determines its type. decode decodes the object as the type
// for that value, and returns false for an unknown one.
func Union(d *Decoder, member string, decode func(d *Decoder, value string) bool) bool {
	if !d.Object() {
		return false
	}
	raw, ok := d.value()
	if !ok {
		return false
	}
	value := ""
	look := newDecoder(raw)
	for name := range look.Members {
		if name == member {
			Name(look, &value)
		} else {
			look.Skip()
		}
	}
	inner, wrong := newDecoder(raw), len(d.wrong)
	if !decode(inner, value) && inner.Err() == nil {
		d.Fail(errNotMember)
		return false
	}
	at := d.json.StackPointer()
	for _, p := range inner.wrong {
		d.wrong = append(d.wrong, problem{at + p.at, p.err})
	}
	if inner.missing != nil && d.missing == nil {
		d.missing = &problem{at + inner.missing.at, inner.missing.err}
	}
	return len(d.wrong) == wrong
}

// Variant loads a value of a union per key; that of an unknown key is nil.
func Variant[V any](e Endpoint, decode DecodeFunc[V]) Source[V] {
	c := e.open()
	s := each(c, readVariant(c, decode))
	s.Decode = func(data []byte) (v V, err error) {
		err = Unmarshal(data, &v, decode)
		return v, err
	}
	return s
}

// Variants loads a list of values of a union per key; that of an unknown key is empty.
func Variants[V any](e Endpoint, decode DecodeFunc[V]) Source[[]V] {
	s := Values(e, decode)
	s.Decode = func(data []byte) (list []V, err error) {
		err = Unmarshal(data, &list, func(d *Decoder, v *[]V) bool { return Slice(d, v, decode) })
		return list, err
	}
	return s
}

// WriteVariant returns a write whose response has one value of a union.
func WriteVariant[V any](e Endpoint, decode DecodeFunc[V]) Write[V] {
	c := e.open()
	return write(c, readVariant(c, decode))
}

// readVariant returns the function that reads a response with one value of a union.
func readVariant[V any](c *client, decode DecodeFunc[V]) func([]byte, Args) (V, bool, error) {
	read := readOne(c, decode, nil)
	return func(response []byte, args Args) (v V, found bool, err error) {
		p, found, err := read(response, args)
		if p != nil {
			v = *p
		}
		return v, found, err
	}
}

func newDecoder(text string) *Decoder {
	return &Decoder{
		json: jsontext.NewDecoder(bytes.NewBufferString(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		text: text,
	}
}

// Unmarshal decodes a value that was encoded by [json.Marshal]. Types with a union, which
// encoding/json cannot decode, implement [json.Unmarshaler] by it.
func Unmarshal[V any](data []byte, v *V, decode DecodeFunc[V]) error {
	d := newDecoder(string(data))
	*v = *new(V)
	if !decode(d, v) && d.Err() == nil {
		d.Fail(errNull)
	}
	return d.Err()
}
