package batch

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// How long keys wait for others when it is not known whether there will be any: until
// none has arrived for DefaultGap, and DefaultLinger at most. The responses to calls made
// at the same moment, which contain further keys, arrive within such gaps.
const (
	DefaultGap    = 10 * time.Millisecond
	DefaultLinger = 20 * time.Millisecond
)

// Options configure the batching of a [Loader]. The zero value is for upstreams that
// take any number of keys per call.
type Options struct {
	// Service is the name of the upstream, for traces and for the [fault.Timeout] of
	// callers whose deadline passes.
	Service string
	// Unbatched loads each key separately, and immediately unless the operation loads a
	// hundred others already, so that no key waits for another. It is for upstreams
	// that take one key per call.
	Unbatched bool
	// PerCall is the maximum number of keys per upstream call, 0 for no limit; with
	// Unbatched it is 1. It is used only to compute costs ([Loader.Calls]) and does not
	// split batches; [Chunks] does.
	PerCall int
	// Gap and Linger bound how long keys wait for others: until none has arrived for
	// Gap, and Linger at most. 0 means DefaultGap and DefaultLinger. Flush sends a
	// batch that is known to be complete without waiting.
	Gap, Linger time.Duration
	// Observe, if not nil, is called before each batch is sent, with its number of
	// keys and how long the first of them has waited.
	Observe func(keys int, waited time.Duration)
}

// A Loader batches the keys of one operation and loads each of them once.
//
// The Loader itself has no data of requests and lives as long as the process. The
// state of an operation is in the [Scope] of its context.
type Loader[K comparable, V any] struct {
	load    Func[K, V]
	opts    Options
	workers atomic.Int64 // see [alone]
}

// NewLoader returns a loader that loads with load.
func NewLoader[K comparable, V any](load Func[K, V], opts Options) *Loader[K, V] {
	if opts.Gap == 0 {
		opts.Gap = DefaultGap
	}
	if opts.Linger == 0 {
		opts.Linger = DefaultLinger
	}
	return &Loader[K, V]{load: load, opts: opts}
}

// Service returns the name of the upstream.
func (l *Loader[K, V]) Service() string { return l.opts.Service }

// Calls returns the number of upstream calls that load this number of uncached keys at once.
func (l *Loader[K, V]) Calls(keys int) int {
	switch {
	case l.opts.Unbatched:
		return keys
	case l.opts.PerCall <= 0:
		return min(keys, 1)
	}
	return (keys + l.opts.PerCall - 1) / l.opts.PerCall
}

// Load waits for the value of key, which is the zero value without an error if the
// upstream does not know the key. It returns early if ctx ends: with a [fault.Timeout]
// if that was due to its deadline, and with its cause if it was cancelled. The load
// continues for others that want the same key, until the scope's context ends.
//
// Without a scope in ctx, Load makes a call of its own.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	s := scopeOf(ctx)
	if s == nil {
		values, err := l.load(ctx, []K{key})
		v, ok := values[key]
		if ok {
			return v, nil
		}
		return v, l.errorOf(err, key)
	}
	f, begun := l.stateFor(s).future(key)
	f.linkWaiter(tracing.Current(ctx))
	if begun {
		notifyBlock(ctx)
	}
	return f.wait(ctx, l.opts.Service)
}

// LoadAll is [Loader.Load] for many keys. The values and errors have the indexes of
// their keys.
func (l *Loader[K, V]) LoadAll(ctx context.Context, keys []K) ([]V, []error) {
	s := scopeOf(ctx)
	own := s == nil
	if own {
		s = &Scope{ctx: ctx}
	}
	loads, span := l.stateFor(s), tracing.Current(ctx)
	futures := make([]*future[V], len(keys))
	begunHere := false
	for i, key := range keys {
		f, begun := loads.future(key)
		f.linkWaiter(span)
		futures[i], begunHere = f, begunHere || begun
	}
	if own {
		loads.flush() // there is no scope, so no other key can join the batch
	}
	if begunHere {
		notifyBlock(ctx)
	}
	values, errs := make([]V, len(keys)), make([]error, len(keys))
	for i, f := range futures {
		values[i], errs[i] = f.wait(ctx, l.opts.Service)
	}
	return values, errs
}

// Begin requests key without waiting for it. ctx must have a [Scope].
func (l *Loader[K, V]) Begin(ctx context.Context, key K) { l.stateFor(scopeOf(ctx)).future(key) }

// Start is [Loader.Begin] with a callback. It is called once, with the results of
// [Loader.Load]: immediately if they are known, on another goroutine otherwise.
func (l *Loader[K, V]) Start(ctx context.Context, key K, then func(V, error)) {
	f, _ := l.stateFor(scopeOf(ctx)).future(key)
	f.then(then)
}

// Flush loads the keys that are waiting to be batched, for the operation of ctx.
func (l *Loader[K, V]) Flush(ctx context.Context) {
	if s := scopeOf(ctx); s != nil {
		l.stateFor(s).flush()
	}
}

// errorOf is [ErrorOf] with the service in timeouts: a Func may return the plain error
// of its context.
func (l *Loader[K, V]) errorOf(err error, key K) error {
	err = ErrorOf(err, key)
	if _, told := errors.AsType[*fault.Error](err); !told && errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Timeout, l.opts.Service, err)
	}
	return err
}

func (l *Loader[K, V]) stateFor(s *Scope) *operationLoader[K, V] {
	return s.getOrCreate(l, func() any { return newOperationLoader(s.ctx, l) }).(*operationLoader[K, V])
}
