package upstream

import (
	"context"
	"net/http"
)

type forwardKey struct{}

// Forward returns a context whose upstream calls carry the headers that set adds for the
// called service, such as those of the client's request. set is called for each call,
// concurrently.
func Forward(ctx context.Context, set func(service string, to http.Header)) context.Context {
	return context.WithValue(ctx, forwardKey{}, set)
}

func (c *Client) forward(ctx context.Context, to http.Header) {
	if set, ok := ctx.Value(forwardKey{}).(func(string, http.Header)); ok {
		set(c.service, to)
	}
}
