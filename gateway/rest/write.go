package rest

import (
	"cmp"
	"context"

	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/mutation"
	"tributary/gateway/upstream"
)

// A Write is a call of a service that changes something. Its key is made by [Key], with
// the names of the call's placeholders. It is never cached or shared, it ends even if its
// client leaves, and it is sent again only as [upstream.Client.Send] says. Its errors have an
// outcome.
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
		if err := notExecuted(cmp.Or(c.check(key), context.Cause(ctx))); err != nil {
			return v, err
		}
		args := c.args(key)
		w := upstream.Write{Request: c.request(args)}
		if c.Idempotent {
			w.Key, w.KeyRepeats = mutation.FieldOf(ctx).Key()
		}
		ctx, cancel := uncanceled(ctx)
		defer cancel()
		err = c.Up.Send(ctx, w, func(response []byte) error {
			v, _, err = read(response, args)
			return err
		})
		return v, err
	}
}

// notExecuted returns err as that of a write that was not sent.
func notExecuted(err error) error {
	if err == nil {
		return nil
	}
	known := *fault.From(err)
	known.Outcome = fault.NotExecuted
	return &known
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

// Changed removes the entries that a write has made stale from the cache, unless it was certainly
// not executed. After a failure it does so for some time, as the service may execute the write
// later. It returns the results of the write.
func Changed[V any](ctx context.Context, c *entitycache.Cache, v V, err error, tags ...string) (V, error) {
	if err == nil || fault.OutcomeOf(err) != fault.NotExecuted {
		ctx, cancel := uncanceled(ctx)
		defer cancel()
		c.Changed(ctx, tags...)
		if err != nil {
			c.Unsettled(tags...)
		}
	}
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
