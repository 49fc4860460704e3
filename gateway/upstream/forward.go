package upstream

import (
	"context"
	"net/http"
)

type forwardKey struct{}

// Forward returns a context whose upstream calls carry the headers that set adds, such
// as those of the client's request. set is called for each call, concurrently.
func Forward(ctx context.Context, set func(http.Header)) context.Context {
	return context.WithValue(ctx, forwardKey{}, set)
}

func forward(ctx context.Context, to http.Header) {
	if set, ok := ctx.Value(forwardKey{}).(func(http.Header)); ok {
		set(to)
	}
}
