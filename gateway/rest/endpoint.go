package rest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// An Endpoint is a call of a service.
type Endpoint struct {
	Up *upstream.Client
	// Call is the call as [ParseRoute] takes it.
	Call string
	// At is the member of the response that has the value or the list, as in "data" or
	// "result.items". It is "" if that is the response itself.
	At string
	// Named says that keys are made by [Key]. Otherwise a key is the id that the only
	// placeholder stands for.
	Named bool
	// IDs are the placeholders that stand for ids, if Named.
	IDs []string
	// Key has the members that identify a value, so that one whose id is of the wrong
	// type is told from one that is not there.
	Key []string
	// Body is the placeholder whose value, which is JSON, is the body of a POST.
	Body string
	// Idempotent says of a write that the service takes Idempotency-Key.
	Idempotent bool
}

// client is an endpoint whose call has been parsed.
type client struct {
	Endpoint
	route    *Route
	decoders decoders
}

// open parses the call, which the generator has parsed before.
func (e Endpoint) open() *client {
	route, err := ParseRoute(e.Call)
	if err != nil {
		panic(err)
	}
	return &client{Endpoint: e, route: route}
}

func (c *client) args(key string) Args {
	if c.Named {
		return parseKey(key)
	}
	return Args{id: key}
}

// check returns an error unless the ids of a key can be ids, and the values in the path
// can be segments of one.
func (c *client) check(key string) error {
	args := c.args(key)
	if !c.Named {
		return scalar.CheckID(key)
	}
	for _, name := range c.route.paths {
		if err := scalar.CheckID(args.Get(name)); err != nil {
			return err
		}
	}
	for _, name := range c.IDs {
		for _, id := range args.all(name) {
			if err := scalar.CheckID(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// call makes the call for a key and returns the response.
func (c *client) call(ctx context.Context, args Args) ([]byte, error) {
	return c.Up.Do(ctx, c.request(args))
}

func (c *client) request(args Args) upstream.Request {
	r := upstream.Request{
		Method: c.route.Method, Route: c.route.Path,
		Path: c.route.path(args), Query: c.route.query(args),
	}
	if c.Body != "" {
		if body := args.Get(c.Body); body != "" {
			r.Body = json.RawMessage(body)
		}
	}
	return r
}

// pointer is the JSON pointer to the value in a response.
func (c *client) pointer() jsontext.Pointer {
	if c.At == "" {
		return ""
	}
	return jsontext.Pointer("/" + strings.ReplaceAll(c.At, ".", "/"))
}

// fail gives an error of the decoder the name of the service, and counts it.
func (c *client) fail(err error) error { return c.Up.Invalid(err) }

// each returns a source that makes a call per key, as many at a time as one operation may.
func each[V any](c *client, read func(response []byte, args Args) (V, bool, error)) Source[V] {
	get := func(ctx context.Context, key string) (v V, found bool, err error) {
		args := c.args(key)
		ctx, release := c.Up.WithLease(ctx)
		defer release()
		response, err := c.call(ctx, args)
		if errors.Is(err, upstream.ErrNotFound) {
			return v, false, nil
		}
		if err != nil {
			return v, false, err
		}
		if v, found, err = read(response, args); err != nil {
			return v, false, c.fail(err)
		}
		return v, found, nil
	}
	return Source[V]{
		Service: c.Up.Name(), PerCall: 1, Check: c.check,
		Load: batch.LimitConcurrency(c.Up.Share(), batch.PerKey(get)),
	}
}

// badBatch is the error of a batch call. If it was answered 404 or 410, that says nothing
// of the values: it is the endpoint that does not exist, so no key is taken for unknown.
func (c *client) badBatch(err error) error {
	switch {
	case errors.Is(err, upstream.ErrNotFound):
		return fault.New(fault.Rejected, c.Up.Name(), err)
	case errors.Is(err, fault.ErrNotFoundPage):
		return fault.New(fault.InvalidResponse, c.Up.Name(), errNoBatch)
	}
	return err
}

var errNoBatch = errors.New("404 or 410 for the batch endpoint, with a page as its body")
