package rest

import (
	"github.com/go-json-experiment/json/jsontext"

	"tributary/gateway/scalar"
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
	var values slab[V]
	first := len(d.strings)
	if !list(d, func() bool { return decode(d, values.next()) }) {
		return false
	}
	*v = make([]V, 0, values.len())
	values.each(func(p *V) { *v = append(*v, *p) })
	for i := range *v {
		if s := stringOf(&(*v)[i]); s != nil { // it was decoded elsewhere
			d.strings[first+i] = s
		}
	}
	return true
}

// Objects decodes a list of objects, none of which may be null.
func Objects[V any](d *Decoder, v *[]*V, decode DecodeFunc[V]) bool {
	var values slab[V]
	if !list(d, func() bool { return decode(d, values.next()) }) {
		return false
	}
	*v = make([]*V, 0, values.len())
	values.each(func(p *V) { *v = append(*v, p) })
	return true
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

// stringOf returns the string that v points to if V is a kind of string that is packed.
func stringOf(v any) *string {
	switch v := v.(type) {
	case *string:
		return v
	case *scalar.Decimal:
		return (*string)(v)
	case *scalar.DateTime:
		return (*string)(v)
	}
	return nil
}

// A slab allocates values in blocks. Pointers to them stay valid.
type slab[V any] struct{ blocks [][]V }

const maxBlock = 32

func (s *slab[V]) next() *V {
	last := len(s.blocks) - 1
	if last < 0 {
		s.blocks, last = append(s.blocks, make([]V, 0, 1)), 0
	} else if full := len(s.blocks[last]); full == cap(s.blocks[last]) {
		s.blocks, last = append(s.blocks, make([]V, 0, min(2*full, maxBlock))), last+1
	}
	b := s.blocks[last]
	s.blocks[last] = b[:len(b)+1]
	return &s.blocks[last][len(b)]
}

func (s *slab[V]) len() (n int) {
	for _, b := range s.blocks {
		n += len(b)
	}
	return n
}

func (s *slab[V]) each(f func(*V)) {
	for _, b := range s.blocks {
		for i := range b {
			f(&b[i])
		}
	}
}
