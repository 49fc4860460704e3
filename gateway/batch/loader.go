package batch

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"tributary/gateway/fault"
)

// How long keys wait for others when nobody knows whether there will be any: as
// long as no gap between two of them is longer than DefaultGap, and DefaultLinger
// at most. Answers to calls made at the same moment arrive within such gaps.
const (
	DefaultGap    = 10 * time.Millisecond
	DefaultLinger = 20 * time.Millisecond
)

// Options shape the batches of a [Loader]. The zero value is for upstreams
// that answer many keys in one call.
type Options struct {
	// Alone gives each key a call of its own, so that no key's answer waits
	// for another's. It is for upstreams that answer one key a call.
	Alone bool
	// Gap and Linger bound how long keys wait for others: until none has come
	// for Gap, and Linger at most. 0 means DefaultGap and DefaultLinger. A
	// batch whose keys are all known goes at once, by Flush.
	Gap, Linger time.Duration
	// Observe, if set, is told of each batch before it goes: its number of
	// keys and how long the first of them has waited.
	Observe func(keys int, waited time.Duration)
}

// A Loader collects the keys that one operation asks for and loads each once.
//
// The Loader itself holds no request's data and lives as long as the process.
// What belongs to an operation stands in the [Scope] that its context carries.
type Loader[K comparable, V any] struct {
	load Func[K, V]
	opts Options
}

// NewLoader returns a loader of the values that load gives.
func NewLoader[K comparable, V any](load Func[K, V], opts Options) *Loader[K, V] {
	if opts.Gap == 0 {
		opts.Gap = DefaultGap
	}
	if opts.Linger == 0 {
		opts.Linger = DefaultLinger
	}
	return &Loader[K, V]{load: load, opts: opts}
}

// Load waits for the value of key: the zero value and no error when the
// upstream does not know it. It returns early when ctx ends; the load goes on
// for others that want the same key, until the scope's own context ends.
//
// Outside of a scope Load makes a call of its own.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	s := scopeOf(ctx)
	if s == nil {
		values, err := l.load(ctx, []K{key})
		v, ok := values[key]
		if ok {
			return v, nil
		}
		return v, ErrorOf(err, key)
	}
	return l.in(s).future(key).wait(ctx)
}

// LoadAll is [Loader.Load] for many keys: values and errors stand where their keys do.
func (l *Loader[K, V]) LoadAll(ctx context.Context, keys []K) ([]V, []error) {
	s := scopeOf(ctx)
	if s == nil {
		s = &Scope{ctx: ctx}
	}
	loads := l.in(s)
	futures := make([]*future[V], len(keys))
	for i, key := range keys {
		futures[i] = loads.future(key)
	}
	values, errs := make([]V, len(keys)), make([]error, len(keys))
	for i, f := range futures {
		values[i], errs[i] = f.wait(ctx)
	}
	return values, errs
}

// Start asks for key without waiting and calls then once, with what [Loader.Load]
// would return: at once when that is known, on another goroutine otherwise. It
// needs a context with a [Scope].
func (l *Loader[K, V]) Start(ctx context.Context, key K, then func(V, error)) {
	l.in(scopeOf(ctx)).future(key).then(then)
}

// Flush sends the keys that are waiting for others, for the operation of ctx.
func (l *Loader[K, V]) Flush(ctx context.Context) {
	if s := scopeOf(ctx); s != nil {
		l.in(s).dispatch.Flush()
	}
}

func (l *Loader[K, V]) in(s *Scope) *loads[K, V] {
	return s.loadsOf(l, func() any { return newLoads(s.ctx, l) }).(*loads[K, V])
}

// loads are a loader's loads for one operation: dataloader collects keys into
// batches; the futures remember each key's value, and unlike a dataloader
// thunk they can be left by a caller that has no more time.
type loads[K comparable, V any] struct {
	ctx      context.Context
	dispatch *dataloader.Loader[K, V]
	gap      time.Duration

	mu      sync.Mutex
	futures map[K]*future[V]
	oldest  time.Time   // when the first key of the batch being collected came
	quiet   *time.Timer // sends the batch when no key has come for a while; nil where keys don't wait
}

// inputCapacity is how many keys may be handed to a batch before its goroutine runs.
const inputCapacity = 16

func newLoads[K comparable, V any](ctx context.Context, l *Loader[K, V]) *loads[K, V] {
	s := &loads[K, V]{ctx: ctx, futures: make(map[K]*future[V])}
	options := []dataloader.Option[K, V]{
		dataloader.WithCache(&dataloader.NoCache[K, V]{}), // the futures remember
		dataloader.WithInputCapacity[K, V](inputCapacity),
		dataloader.WithWait[K, V](l.opts.Linger),
	}
	if l.opts.Alone {
		options = append(options, dataloader.WithBatchCapacity[K, V](1))
	}
	s.dispatch = dataloader.NewBatchedLoader(func(ctx context.Context, keys []K) []*dataloader.Result[V] {
		if l.opts.Observe != nil {
			l.opts.Observe(len(keys), s.waited())
		}
		values, err := call(ctx, l.load, keys)
		s.deliver(keys, values, err)
		return make([]*dataloader.Result[V], len(keys)) // nobody waits for thunks
	}, options...)
	if !l.opts.Alone {
		s.gap = l.opts.Gap
		s.quiet = time.AfterFunc(s.gap, s.dispatch.Flush)
		s.quiet.Stop()
	}
	return s
}

// call turns a panic of load into an error, so that it costs its keys alone.
func call[K comparable, V any](ctx context.Context, load Func[K, V], keys []K) (values map[K]V, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Error{Kind: fault.Internal, Err: fmt.Errorf("panic in a batch: %v\n%s", v, debug.Stack())}
		}
	}()
	return load(ctx, keys)
}

func (s *loads[K, V]) future(key K) *future[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.futures[key]; ok {
		return f
	}
	f := newFuture[V]()
	s.futures[key] = f
	if s.oldest.IsZero() {
		s.oldest = time.Now()
	}
	// Under the lock, so that whoever finds the future knows its key to be in
	// a batch, and can flush that. The batch runs under the operation's
	// context, not under that of the caller who happened to be first.
	s.dispatch.Load(s.ctx, key)
	if s.quiet != nil {
		s.quiet.Reset(s.gap)
	}
	return f
}

func (s *loads[K, V]) waited() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	waited := time.Since(s.oldest)
	s.oldest = time.Time{}
	return waited
}

func (s *loads[K, V]) deliver(keys []K, values map[K]V, err error) {
	var tell []func()
	for _, key := range keys {
		s.mu.Lock()
		f := s.futures[key]
		s.mu.Unlock()
		v, ok := values[key]
		var keyErr error
		if !ok {
			keyErr = ErrorOf(err, key)
		}
		for _, then := range f.resolve(v, keyErr) {
			tell = append(tell, func() { then(v, keyErr) })
		}
	}
	for _, t := range tell {
		t()
	}
}
