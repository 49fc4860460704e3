package rest

import "slices"

// One loads a value per key. A value for which is returns false belongs to another key, so this
// one is not found; without is every value is accepted.
func One[V any](e Endpoint, decode DecodeFunc[V], is func(v *V, args Args) bool) Source[*V] {
	c := e.open()
	return each(c, readOne(c, decode, is))
}

// readOne returns the function that reads a response with one value.
func readOne[V any](c *client, decode DecodeFunc[V], is func(v *V, args Args) bool) func([]byte, Args) (*V, bool, error) {
	return func(response []byte, args Args) (*V, bool, error) {
		d, free := c.decoders.of(response)
		defer free()
		v, there := new(V), false
		found := d.at(c.At, func() { there = decode(d, v) })
		d.end()
		switch {
		case d.syntax != nil:
			return nil, false, d.syntax
		case is != nil && there && !is(v, args) && !d.failedAt(c.pointer(), c.Key):
			return nil, false, nil // its identity is checked before its validity
		case d.Err() != nil:
			return nil, false, d.Err()
		case !there && c.At == "":
			return nil, false, problem{err: errNull}
		case !there || !found:
			return nil, false, nil
		}
		return v, true, nil
	}
}

// List loads a list of objects per key; that of an unknown key is empty. An object that
// does not belong to the key, by of, makes the list invalid; if of is nil, any will do. If
// id is not nil, the list has the first of the objects with the same id only.
func List[V any](e Endpoint, decode DecodeFunc[V], of func(v *V, args Args) bool, id func(v *V) string) Source[[]*V] {
	c := e.open()
	read := readList(c, decode, of)
	s := each(c, func(response []byte, args Args) ([]*V, bool, error) {
		list, found, err := read(response, args)
		return distinct(list, id), found, err
	})
	s.Default = &[]*V{}
	return s
}

// distinct removes all but the first of the values with the same id.
func distinct[V any](list []*V, id func(v *V) string) []*V {
	if id == nil || len(list) < 2 {
		return list
	}
	seen := make(map[string]struct{}, len(list))
	return slices.DeleteFunc(list, func(v *V) bool {
		before := len(seen)
		seen[id(v)] = struct{}{}
		return len(seen) == before
	})
}

// readList returns the function that reads a response with a list of objects.
func readList[V any](c *client, decode DecodeFunc[V], of func(v *V, args Args) bool) func([]byte, Args) ([]*V, bool, error) {
	return func(response []byte, args Args) (list []*V, found bool, err error) {
		d, free := c.decoders.of(response)
		defer free()
		there := false
		found = d.at(c.At, func() { there = Objects(d, &list, decode) })
		if err := c.listErr(d, there, found); err != nil {
			return nil, false, err
		}
		if of != nil {
			for _, v := range list {
				if !of(v, args) {
					return nil, false, errOther
				}
			}
		}
		return orEmpty(list), true, nil
	}
}

// Values loads a list of scalars per key; that of an unknown key is empty.
func Values[V any](e Endpoint, decode DecodeFunc[V]) Source[[]V] {
	c := e.open()
	s := each(c, readValues(c, decode))
	s.Default = &[]V{}
	return s
}

// readValues returns the function that reads a response with a list of scalars.
func readValues[V any](c *client, decode DecodeFunc[V]) func([]byte, Args) ([]V, bool, error) {
	return func(response []byte, _ Args) (list []V, found bool, err error) {
		d, free := c.decoders.of(response)
		defer free()
		there := false
		found = d.at(c.At, func() { there = Slice(d, &list, decode) })
		if err := c.listErr(d, there, found); err != nil {
			return nil, false, err
		}
		return orEmpty(list), true, nil
	}
}

func orEmpty[V any](list []V) []V {
	if list == nil {
		return []V{}
	}
	return list
}

// listErr returns what is wrong with a response that holds a list. A member for it that
// is absent or null means an empty list.
func (c *client) listErr(d *Decoder, there, found bool) error {
	d.end()
	if err := d.Err(); err != nil {
		return err
	}
	if !there && c.At == "" && found {
		return problem{err: errNotList}
	}
	return nil
}
