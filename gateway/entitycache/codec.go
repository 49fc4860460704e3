package entitycache

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"time"

	"tributary/gateway/entitycache/redisstore"
	"tributary/gateway/fault"
)

// newEntry returns the entry of a load whose upstream returned v at answered. It is encoded
// as JSON only if there is a Redis: encoding was a tenth of the allocations of a cold query,
// and the JSON half of the content of memory.
func (t *readThrough[V]) newEntry(l *load, v V, answered time.Time) (*Entry, error) {
	e := &Entry{
		Record:     redisstore.Record{FetchedAt: answered, UsableFor: t.policy.ttl + t.policy.staleIfError, Stamp: l.epoch.stamp, Shape: t.shape},
		generation: l.epoch.generation, value: v, footprint: sizeOf(reflect.ValueOf(v)),
	}
	if t.cache.redis != nil {
		var err error
		if e.Body, err = json.Marshal(v); err != nil {
			return nil, &fault.Error{Kind: fault.Internal, Service: t.kind.Service, Err: err}
		}
	}
	return e, nil
}

// decode returns the value of e. It caches it in the entry, because memory returns the
// same entry many times.
func (t *readThrough[V]) decode(e *Entry) (V, error) {
	known := e.decodedValue()
	v, ok := known.(V)
	if ok {
		return v, nil
	}
	body, err := e.Body, error(nil)
	if body == nil && known != nil { // stored by a ReadThrough with another type of the same kind
		body, err = json.Marshal(known)
	}
	if err == nil {
		v, err = t.unmarshal(body)
	}
	if err != nil {
		return v, &fault.Error{Kind: fault.Internal, Service: t.kind.Service, Err: err}
	}
	e.setDecoded(v)
	return v, nil
}

func (t *readThrough[V]) unmarshal(body []byte) (v V, err error) {
	if t.kind.Decode == nil {
		err = json.Unmarshal(body, &v)
		return v, err
	}
	decoded, err := t.kind.Decode(body)
	v, _ = decoded.(V)
	return v, err
}

// fromRedis returns the entry of a load among those found in Redis, or nil if there is none or
// it cannot be used: it was encoded from another type, or is not what its value would be encoded as, since
// members are missing or are lost by decoding.
func (t *readThrough[V]) fromRedis(l *load, found map[string]redisstore.Record) *Entry {
	r, ok := found[l.name]
	if !ok || !r.NotFound && r.Shape != t.shape {
		return nil
	}
	e := t.decodable(&Entry{Record: r, generation: l.epoch.generation})
	if e == nil || e.NotFound {
		return e
	}
	if again, err := json.Marshal(e.decodedValue()); err != nil || !bytes.Equal(again, e.Body) {
		return nil
	}
	return e
}

// decodable returns e, or nil if it cannot be decoded as this kind.
func (t *readThrough[V]) decodable(e *Entry) *Entry {
	if e == nil || e.NotFound {
		return e
	}
	v, err := t.decode(e)
	if err != nil {
		return nil
	}
	if e.footprint == 0 { // it was read from Redis, and no other goroutine has it yet
		e.footprint = sizeOf(reflect.ValueOf(v))
	}
	return e
}

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
