package forward

import (
	"context"
	"net/http"
)

// Sent returns the headers that a service is sent in ctx.
func Sent(ctx context.Context, service string) http.Header {
	to := http.Header{}
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.send(service, to)
	}
	return to
}
