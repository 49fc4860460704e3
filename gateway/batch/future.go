package batch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// future is a value that is being loaded. Callers can wait for it, stop waiting, or add
// a callback. It is resolved once.
type future[V any] struct {
	resolved atomic.Bool // value and err are read-only from then on

	mu      sync.Mutex
	done    chan struct{}         // closed on resolution; created by the first caller that has to wait
	after   []func(V, error)      // to be called on resolution
	waiting []tracing.SpanContext // the recorded spans that wait
	sent    *batchLinks           // the batch, once it has been loaded; nil before that, or if it is not recorded

	value V
	err   error
}

// resolve sets the value and returns the callbacks. The caller must call them, after it
// has resolved all futures of the batch.
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

// wait returns the value, or an error if ctx ends first: a [fault.Timeout] of the service
// for a deadline, and the cause for a cancellation.
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

// resolution returns a channel that is closed when f is resolved. It is created on
// demand, because most futures are resolved by the time that they are needed.
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
