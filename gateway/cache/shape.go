package cache

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
)

// shapeOf returns a fingerprint of a type: of its fields, their types and their tags, and of
// all types in them. Gateways of different versions share entries of the kinds that both
// know in the same shape only: otherwise the newer one would serve zeros for the fields that
// the older one did not know.
func shapeOf(t reflect.Type) uint64 {
	h := fnv.New64a()
	writeShape(h, t, map[reflect.Type]int{})
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// writeShape writes a description of t. A type that was described before is written as its
// number, since types may be recursive.
func writeShape(w io.Writer, t reflect.Type, seen map[reflect.Type]int) {
	if n, again := seen[t]; again {
		fmt.Fprint(w, "#", n)
		return
	}
	seen[t] = len(seen)
	fmt.Fprint(w, t.Kind(), " ", t.Name(), "{")
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous {
				continue // JSON does not have it
			}
			fmt.Fprintf(w, "%s %q %v ", f.Name, f.Tag, f.Anonymous)
			writeShape(w, f.Type, seen)
		}
	case reflect.Map:
		writeShape(w, t.Key(), seen)
		writeShape(w, t.Elem(), seen)
	case reflect.Array:
		fmt.Fprint(w, t.Len())
		writeShape(w, t.Elem(), seen)
	case reflect.Pointer, reflect.Slice:
		writeShape(w, t.Elem(), seen)
	}
	fmt.Fprint(w, "}")
}
