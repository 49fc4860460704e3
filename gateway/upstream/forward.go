package upstream

import (
	"context"
	"net/http"
)

type forwardKey struct{}

// Forward returns a context whose upstream calls carry headers that set sets:
// what of a client's request its upstreams may see. Set is called for each
// call, and for several at a time.
func Forward(ctx context.Context, set func(http.Header)) context.Context {
	return context.WithValue(ctx, forwardKey{}, set)
}

func forward(ctx context.Context, to http.Header) {
	if set, ok := ctx.Value(forwardKey{}).(func(http.Header)); ok {
		set(to)
	}
}
