package batch

import "context"

type waiterKey struct{}

// WithWaiter returns a context whose loads call before when their caller is about
// to wait for what it has begun itself, so that somebody else may go on with
// what the caller would have done next. Who finds a load under way just waits.
func WithWaiter(ctx context.Context, before func()) context.Context {
	return context.WithValue(ctx, waiterKey{}, before)
}

func willWait(ctx context.Context) {
	if before, ok := ctx.Value(waiterKey{}).(func()); ok {
		before()
	}
}
