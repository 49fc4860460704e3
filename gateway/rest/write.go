package rest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"tributary/gateway/cache"
	"tributary/gateway/fault"
	"tributary/gateway/upstream"
)

// A Write is a call of a service that changes something. Its key is made by [Key], with
// the names of the call's placeholders. It is never cached or shared, it ends even if its
// client leaves, and it is repeated only if that has no further effect.
type Write[V any] func(ctx context.Context, key string) (V, error)

// WriteOne returns a write whose response has one value.
func WriteOne[V any](e Endpoint, decode DecodeFunc[V]) Write[*V] {
	c := e.open()
	return write(c, readOne(c, decode, nil))
}

// WriteList returns a write whose response has a list of objects.
func WriteList[V any](e Endpoint, decode DecodeFunc[V]) Write[[]*V] {
	c := e.open()
	return write(c, readList(c, decode, nil))
}

// WriteValues returns a write whose response has a list of scalars.
func WriteValues[V any](e Endpoint, decode DecodeFunc[V]) Write[[]V] {
	c := e.open()
	return write(c, readValues(c, decode))
}

// WriteOnly returns a write whose response is not read. Its value is true.
func WriteOnly(e Endpoint) Write[*bool] {
	return write(e.open(), func([]byte, Args) (*bool, bool, error) {
		accepted := true
		return &accepted, true, nil
	})
}

func write[V any](c *client, read func(response []byte, args Args) (V, bool, error)) Write[V] {
	return func(ctx context.Context, key string) (v V, err error) {
		if err := c.check(key); err != nil {
			return v, err
		}
		args := c.args(key)
		r := c.request(args)
		r.Repeatable, r.Write = false, true
		if c.Idempotent {
			r.Key = rand.Text()
		}
		ctx, cancel := uncanceled(ctx)
		defer cancel()
		response, err := c.Up.Do(ctx, r)
		if errors.Is(err, upstream.ErrNotFound) {
			return v, &fault.Error{Kind: fault.Rejected, Service: c.Up.Name(), Status: http.StatusNotFound, Err: err}
		}
		if err != nil {
			return v, err
		}
		if v, _, err = read(response, args); err != nil {
			return v, c.fail(err)
		}
		return v, nil
	}
}

// uncanceled returns a context that ends at the deadline of ctx, but not when its client
// leaves.
func uncanceled(ctx context.Context) (context.Context, context.CancelFunc) {
	free := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(free, deadline)
	}
	return free, func() {}
}

// Changed removes from the cache what a write has made out of date, whatever its outcome,
// for a write that failed may have arrived. It returns what the write returned.
func Changed[V any](ctx context.Context, c *cache.Cache, v V, err error, tags ...string) (V, error) {
	ctx, cancel := uncanceled(ctx)
	defer cancel()
	_ = c.Purge(ctx, tags...) // this gateway has purged in any case, and the cache counts the error
	return v, err
}

// Tag names the value with a key of a kind in the cache, or the whole kind if the key is "".
func Tag(kind, key string) string {
	if key == "" {
		return kind
	}
	return kind + ":" + key
}

// TagOf is [Tag] with a key that a value has; v may be nil.
func TagOf[V any](kind string, v *V, key func(*V) string) string {
	if v == nil {
		return kind
	}
	return Tag(kind, key(v))
}
