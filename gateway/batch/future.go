package batch

import (
	"context"
	"errors"
	"sync"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// future is a value that will be there: it can be waited for, left, and
// followed. It is resolved once.
type future[V any] struct {
	done chan struct{}

	mu      sync.Mutex
	after   []func(V, error) // to be called on resolution
	waiting []tracing.Ref    // the steps that wait, as far as somebody wants to know
	sent    *sent            // the batch, once its span has ended; nil before, or when nobody wants to know

	value V // value and err are read-only once done is closed
	err   error
}

func newFuture[V any]() *future[V] {
	return &future[V]{done: make(chan struct{})}
}

// resolve sets the value and returns whom to tell of it: the caller does so
// when all futures of the batch are resolved.
func (f *future[V]) resolve(v V, err error) (after []func(V, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value, f.err = v, err
	close(f.done)
	after, f.after = f.after, nil
	return after
}

// wait gives the value, or the reason why ctx ended first: that a deadline did
// is a fault of the service which was waited for.
func (f *future[V]) wait(ctx context.Context, service string) (V, error) {
	select {
	case <-f.done:
		return f.value, f.err
	default:
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var zero V
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return zero, fault.New(fault.Timeout, service, context.Cause(ctx))
		}
		return zero, context.Cause(ctx)
	}
}

func (f *future[V]) then(call func(V, error)) {
	f.mu.Lock()
	select {
	case <-f.done:
		f.mu.Unlock()
		call(f.value, f.err)
	default:
		f.after = append(f.after, call)
		f.mu.Unlock()
	}
}
