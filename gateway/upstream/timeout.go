package upstream

import (
	"context"
	"net/http"
	"time"
)

// timeout limits an attempt, including its body, to d.
func timeout(d time.Duration, next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel() // next has read the body already
		return next.RoundTrip(r.WithContext(ctx))
	})
}

// leaves reports whether at least d is left until the deadline of ctx.
func leaves(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) >= d)
}
