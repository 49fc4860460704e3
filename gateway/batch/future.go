package batch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// future is a value that will be there: it can be waited for, left, and
// followed. It is resolved once.
type future[V any] struct {
	resolved atomic.Bool // value and err are read-only from then on

	mu      sync.Mutex
	done    chan struct{}    // closed on resolution, once somebody has to wait for that
	after   []func(V, error) // to be called on resolution
	waiting []tracing.Ref    // the steps that wait, as far as somebody wants to know
	sent    *sent            // the batch, once its span has ended; nil before, or when nobody wants to know

	value V
	err   error
}

// resolve sets the value and returns whom to tell of it: the caller does so
// when all futures of the batch are resolved.
func (f *future[V]) resolve(v V, err error) (after []func(V, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value, f.err = v, err
	f.resolved.Store(true)
	if f.done != nil {
		close(f.done)
	}
	after, f.after = f.after, nil
	return after
}

// wait gives the value, or the reason why ctx ended first: that a deadline did
// is a fault of the service which was waited for.
func (f *future[V]) wait(ctx context.Context, service string) (V, error) {
	if f.resolved.Load() {
		return f.value, f.err
	}
	select {
	case <-f.resolution():
		return f.value, f.err
	case <-ctx.Done():
		var zero V
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return zero, fault.New(fault.Timeout, service, context.Cause(ctx))
		}
		return zero, context.Cause(ctx)
	}
}

// resolution is closed when f is resolved. Most futures are by the time that
// they are looked at, and need no channel.
func (f *future[V]) resolution() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done == nil {
		f.done = make(chan struct{})
		if f.resolved.Load() {
			close(f.done)
		}
	}
	return f.done
}

func (f *future[V]) then(call func(V, error)) {
	f.mu.Lock()
	if f.resolved.Load() {
		f.mu.Unlock()
		call(f.value, f.err)
		return
	}
	f.after = append(f.after, call)
	f.mu.Unlock()
}
