package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// A Batch is an endpoint that takes many keys in one call: in the placeholder {keys} of
// its query, or in the body of a POST.
type Batch struct {
	Endpoint
	// Keys is the member of the body that has the list of keys, as in "filter.ids". It is
	// "" if the body is the list.
	Keys string
	// Integer says that the body has the keys as numbers.
	Integer bool
	// Max is the number of keys that one call takes.
	Max int
}

// keysPlaceholder stands for the keys in the query of a batch.
const keysPlaceholder = "keys"

var (
	errOther  = errors.New("the response has an item that belongs to something else")
	errNoKey  = errors.New("not identified: it has no key")
	errNotKey = fault.BadUserInputf("an id must be an integer")
)

// Many loads a value per key. Values of other keys are ignored. Of several values with one key
// the first one counts. An invalid value fails its own key; one without a valid key fails all
// keys that are missing.
func Many[V any](b Batch, decode DecodeFunc[V], key func(*V) string) Source[*V] {
	return many(b, decode, key, func(found map[string]*V, key string, v *V) {
		if _, ok := found[key]; !ok {
			found[key] = v
		}
	})
}

// Lists loads a list per key: that of the objects which name it. One that is invalid makes
// the list of its key invalid. If id is not nil, a list has the first of the objects with
// the same id only.
func Lists[V any](b Batch, decode DecodeFunc[V], key, id func(*V) string) Source[[]*V] {
	s := many(b, decode, key, func(found map[string][]*V, key string, v *V) { found[key] = append(found[key], v) })
	load := s.Load
	s.Load = func(ctx context.Context, keys []string) (map[string][]*V, error) {
		found, err := load(ctx, keys)
		for _, k := range keys {
			switch failed := batch.ErrorOf(err, k); {
			case failed != nil:
				delete(found, k) // a part of a list is none
			case found[k] == nil:
				found[k] = []*V{}
			default:
				found[k] = distinct(found[k], id)
			}
		}
		return found, err
	}
	return s
}

func many[V, R any](b Batch, decode DecodeFunc[V], key func(*V) string, add func(found map[string]R, key string, v *V)) Source[R] {
	c := b.open()
	load := func(ctx context.Context, keys []string) (map[string]R, error) {
		ctx, release := c.Up.WithLease(ctx)
		defer release()
		response, err := b.call(ctx, c, keys)
		if err != nil {
			return nil, c.badBatch(err)
		}
		asked := make(map[string]bool, len(keys))
		for _, k := range keys {
			asked[k] = true
		}
		found, broken := make(map[string]R, len(keys)), batch.KeyErrors[string]{}
		err = c.items(response, func(d *Decoder) error {
			v := new(V)
			there := decode(d, v)
			k := key(v)
			switch {
			case d.syntax != nil:
				return d.syntax
			case !there || k == "":
				return errNoKeyOr(d.Err())
			case !asked[k]:
			case d.Err() != nil:
				broken[k] = c.fail(d.Err())
			default:
				add(found, k, v)
			}
			return nil
		})
		switch {
		case errors.Is(err, errNotJSON):
			return nil, c.fail(err)
		case err != nil:
			return found, c.fail(err)
		}
		if _, isList := any(found).(map[string]*V); isList {
			for k := range found {
				delete(broken, k)
			}
		}
		return found, broken.OrNil()
	}
	size := max(b.Max, 1)
	return Source[R]{Service: c.Up.Name(), PerCall: size, Check: b.check, Load: batch.Chunks(size, load)}
}

func errNoKeyOr(err error) error {
	if err != nil {
		return err
	}
	return problem{err: errNoKey}
}

// items calls read for each item of a response with a list. The error of an item does not
// end the others; the last one is returned, or an [errNotJSON]: then items that were read
// do not count.
func (c *client) items(response []byte, read func(d *Decoder) error) error {
	d, free := c.decoders.of(response)
	defer free()
	var failed error
	there := false
	c.listAt(d, func() {
		there = true
		d.next()
		if d.null() {
			failed = problem{d.json.StackPointer(), errNull}
			return
		}
		if err := read(d); err != nil {
			failed = err
		}
		d.next()
	}, &there)
	d.end()
	if err := d.Err(); err != nil {
		return err
	}
	return failed
}

// listAt calls element for each element of the list in the response.
func (c *client) listAt(d *Decoder, element func(), there *bool) {
	d.at(c.At, func() {
		if c.At != "" && d.null() {
			return
		}
		*there = true
		d.elements(element)
	})
}

// call makes the call for keys.
func (b Batch) call(ctx context.Context, c *client, keys []string) ([]byte, error) {
	args := Args{named: map[string][]string{keysPlaceholder: keys}}
	r := upstream.Request{
		Method: c.route.Method, Route: c.route.Path,
		Path: c.route.path(args), Query: c.route.query(args),
	}
	if r.Method != http.MethodGet {
		body, err := b.body(keys)
		if err != nil {
			return nil, fault.New(fault.Internal, c.Up.Name(), err)
		}
		r.Body = body
	}
	return c.Up.Do(ctx, r)
}

// body returns the list of keys in the member that the service expects.
func (b Batch) body(keys []string) ([]byte, error) {
	var body any = keys
	if b.Integer {
		numbers := make([]json.Number, len(keys))
		for i, k := range keys {
			numbers[i] = json.Number(k)
		}
		body = numbers
	}
	if b.Keys != "" {
		path := strings.Split(b.Keys, ".")
		for i := len(path) - 1; i >= 0; i-- {
			body = map[string]any{path[i]: body}
		}
	}
	return json.Marshal(body)
}

func (b Batch) check(key string) error {
	if err := scalar.CheckID(key); err != nil {
		return err
	}
	if b.Integer && !scalar.IsInteger(key) {
		return errNotKey
	}
	return nil
}
