package batch

import (
	"context"
	"errors"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// How long keys wait for others when nobody knows whether there will be any: as
// long as no gap between two of them is longer than DefaultGap, and DefaultLinger
// at most. Answers to calls made at the same moment arrive within such gaps.
const (
	DefaultGap    = 10 * time.Millisecond
	DefaultLinger = 20 * time.Millisecond
)

// Options configure the batching of a [Loader]. The zero value is for upstreams that
// take any number of keys per call.
type Options struct {
	// Service is the upstream that is asked. The error of a caller whose time
	// is over, a [fault.Timeout], names it.
	Service string
	// Alone gives each key a call of its own, so that no key's answer waits
	// for another's. It is for upstreams that answer one key a call.
	Alone bool
	// PerCall is how many keys the upstream takes in one call, 0 for any
	// number; with Alone it is 1. It cuts no batch (see [Chunks]): it is for
	// those who reckon what keys cost.
	PerCall int
	// Gap and Linger bound how long keys wait for others: until none has come
	// for Gap, and Linger at most. 0 means DefaultGap and DefaultLinger. A
	// batch whose keys are all known goes at once, by Flush.
	Gap, Linger time.Duration
	// Observe, if set, is told of each batch before it goes: its number of
	// keys and how long the first of them has waited.
	Observe func(keys int, waited time.Duration)
}

// A Loader batches the keys of one operation and loads each of them once.
//
// The Loader itself has no data of requests and lives as long as the process. The
// state of an operation is in the [Scope] of its context.
type Loader[K comparable, V any] struct {
	load Func[K, V]
	opts Options
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

// Calls returns how many upstream calls it takes to load so many uncached keys at once.
func (l *Loader[K, V]) Calls(keys int) int {
	switch {
	case l.opts.Alone:
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
	f, begun := l.in(s).future(key)
	f.waitsIn(tracing.Current(ctx))
	if begun {
		willWait(ctx)
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
	loads, span := l.in(s), tracing.Current(ctx)
	futures := make([]*future[V], len(keys))
	begunHere := false
	for i, key := range keys {
		f, begun := loads.future(key)
		f.waitsIn(span)
		futures[i], begunHere = f, begunHere || begun
	}
	if own {
		loads.flush() // nobody else can add to the batch
	}
	if begunHere {
		willWait(ctx)
	}
	values, errs := make([]V, len(keys)), make([]error, len(keys))
	for i, f := range futures {
		values[i], errs[i] = f.wait(ctx, l.opts.Service)
	}
	return values, errs
}

// Begin requests key without waiting for it. ctx must have a [Scope].
func (l *Loader[K, V]) Begin(ctx context.Context, key K) { l.in(scopeOf(ctx)).future(key) }

// Start is [Loader.Begin] with a callback. It is called once, with the results of
// [Loader.Load]: immediately if they are known, on another goroutine otherwise.
func (l *Loader[K, V]) Start(ctx context.Context, key K, then func(V, error)) {
	f, _ := l.in(scopeOf(ctx)).future(key)
	f.then(then)
}

// Flush loads the keys that are waiting to be batched, for the operation of ctx.
func (l *Loader[K, V]) Flush(ctx context.Context) {
	if s := scopeOf(ctx); s != nil {
		l.in(s).flush()
	}
}

// errorOf is [ErrorOf] that tells whose time was over: a Func may return the
// plain error of its context.
func (l *Loader[K, V]) errorOf(err error, key K) error {
	err = ErrorOf(err, key)
	if _, told := errors.AsType[*fault.Error](err); !told && errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Timeout, l.opts.Service, err)
	}
	return err
}

func (l *Loader[K, V]) in(s *Scope) *loads[K, V] {
	return s.of(l, func() any { return newLoads(s.ctx, l) }).(*loads[K, V])
}
