package batch

import "context"

// A BlockNotifier is told when a caller is about to wait for a load that it started
// itself, so that another goroutine can take over what the caller would have done
// next. Callers that find a load running just wait.
type BlockNotifier interface{ WillWait() }

type waiterKey struct{}

// WithWaiter returns a context whose loads notify w.
func WithWaiter(ctx context.Context, w BlockNotifier) context.Context {
	return context.WithValue(ctx, waiterKey{}, w)
}

// WaiterOf returns the BlockNotifier of ctx, or nil.
func WaiterOf(ctx context.Context) BlockNotifier {
	w, _ := ctx.Value(waiterKey{}).(BlockNotifier)
	return w
}

func notifyBlock(ctx context.Context) {
	if w := WaiterOf(ctx); w != nil {
		w.WillWait()
	}
}
