package upstream

import (
	"context"
	"net/http"
)

type forwardKey struct{}

// Forward returns a context whose upstream calls carry header: what of a
// client's request its upstreams may see.
func Forward(ctx context.Context, header http.Header) context.Context {
	return context.WithValue(ctx, forwardKey{}, header)
}

func forward(ctx context.Context, to http.Header) {
	header, _ := ctx.Value(forwardKey{}).(http.Header)
	for name, values := range header {
		to[name] = values
	}
}
