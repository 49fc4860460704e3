package batch

import "context"

type waiterKey struct{}

// WithWaiter returns a context whose loads call before when their caller is about to
// wait for a load that it started itself, so that another goroutine can take over what
// the caller would have done next. Callers that find a load running just wait.
func WithWaiter(ctx context.Context, before func()) context.Context {
	return context.WithValue(ctx, waiterKey{}, before)
}

func willWait(ctx context.Context) {
	if before, ok := ctx.Value(waiterKey{}).(func()); ok {
		before()
	}
}
