package rest

import (
	"github.com/go-json-experiment/json/jsontext"
)

// A DecodeFunc decodes one value. It returns false for null, and for a value that is wrong.
type DecodeFunc[V any] func(d *Decoder, v *V) bool

// Object reports whether an object is next. It consumes any other value.
func (d *Decoder) Object() bool {
	if d.json.PeekKind() == jsontext.KindBeginObject {
		return true
	}
	return d.other(errNotObject)
}

// Optional decodes a value that may be null or absent: then v stays nil.
func Optional[V any](d *Decoder, v **V, decode DecodeFunc[V]) bool {
	if d.null() {
		return false
	}
	value := new(V)
	if !decode(d, value) {
		return false
	}
	*v = value
	return true
}

// Slice decodes a list of scalars, none of which may be null.
func Slice[V any](d *Decoder, v *[]V, decode DecodeFunc[V]) bool {
	values, value := []V{}, *new(V)
	ok := list(d, func() bool {
		value = *new(V)
		decoded := decode(d, &value)
		values = append(values, value)
		return decoded
	})
	if ok {
		*v = values
	}
	return ok
}

// Objects decodes a list of objects, none of which may be null.
func Objects[V any](d *Decoder, v *[]*V, decode DecodeFunc[V]) bool {
	values := []*V{}
	ok := list(d, func() bool {
		value := new(V)
		values = append(values, value)
		return decode(d, value)
	})
	if ok {
		*v = values
	}
	return ok
}

// Nullables decodes a list of values that may be null.
func Nullables[V any](d *Decoder, v *[]*V, decode DecodeFunc[V]) bool {
	values := []*V{}
	if !list(d, func() bool {
		values = append(values, nil)
		Optional(d, &values[len(values)-1], decode)
		return true
	}) {
		return false
	}
	*v = values
	return true
}

// list decodes the elements of a list and reports whether there is one without mistakes.
func list(d *Decoder, element func() bool) bool {
	if d.null() {
		return false
	}
	wrong, missing := len(d.wrong), d.missing
	d.elements(func() {
		before := len(d.wrong)
		if !element() && len(d.wrong) == before {
			d.Fail(errNull)
		}
	})
	return d.syntax == nil && len(d.wrong) == wrong && d.missing == missing
}
