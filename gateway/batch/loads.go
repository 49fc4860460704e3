package batch

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// loads are a loader's loads for one operation: dataloader collects keys into
// batches; the futures remember each key's value, and unlike a dataloader
// thunk they can be left by a caller that has no more time.
type loads[K comparable, V any] struct {
	loader   *Loader[K, V]
	ctx      context.Context
	dispatch *dataloader.Loader[K, V] // nil where keys don't wait for others

	mu      sync.Mutex
	futures map[K]*future[V]
	oldest  time.Time   // when the first key of the batch being collected came
	quiet   *time.Timer // sends the batch when no key has come for a while
}

// inputCapacity is how many keys may be handed to a batch before its goroutine runs.
const inputCapacity = 16

func newLoads[K comparable, V any](ctx context.Context, l *Loader[K, V]) *loads[K, V] {
	s := &loads[K, V]{loader: l, ctx: ctx, futures: make(map[K]*future[V])}
	if l.opts.Alone {
		return s
	}
	s.dispatch = dataloader.NewBatchedLoader(func(ctx context.Context, keys []K) []*dataloader.Result[V] {
		s.send(ctx, keys, s.waited())
		return make([]*dataloader.Result[V], len(keys)) // nobody waits for thunks
	},
		dataloader.WithCache(&dataloader.NoCache[K, V]{}), // the futures remember
		dataloader.WithInputCapacity[K, V](inputCapacity),
		dataloader.WithWait[K, V](l.opts.Linger))
	s.quiet = time.AfterFunc(l.opts.Gap, s.dispatch.Flush)
	s.quiet.Stop()
	return s
}

// flush sends the keys that wait for others.
func (s *loads[K, V]) flush() {
	if s.dispatch != nil {
		s.dispatch.Flush()
	}
}

// send loads a batch and resolves its futures.
func (s *loads[K, V]) send(ctx context.Context, keys []K, waited time.Duration) {
	if s.loader.opts.Observe != nil {
		s.loader.opts.Observe(len(keys), waited)
	}
	ctx, span := tracing.Start(ctx, tracing.Batch, "batch", s.loader.opts.Service)
	defer span.End()
	values, err := call(ctx, s.loader.load, keys)
	s.trace(span, keys, waited, err)
	s.deliver(keys, values, err)
}

// call turns a panic of load into an error, so that it costs its keys alone. It
// begins nothing for an operation that has ended.
func call[K comparable, V any](ctx context.Context, load Func[K, V], keys []K) (values map[K]V, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.Recovered("", v)
		}
	}()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return load(ctx, keys)
}

// future gives the future of key, and tells whether the load was begun by this.
func (s *loads[K, V]) future(key K) (f *future[V], begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.futures[key]; ok {
		return f, false
	}
	f = &future[V]{}
	s.futures[key] = f
	if s.dispatch == nil {
		go s.send(s.ctx, []K{key}, 0)
		return f, true
	}
	if s.oldest.IsZero() {
		s.oldest = time.Now()
	}
	// Under the lock, so that whoever finds the future knows its key to be in
	// a batch, and can flush that. The batch runs under the operation's
	// context, not under that of the caller who happened to be first.
	s.dispatch.Load(s.ctx, key)
	s.quiet.Reset(s.loader.opts.Gap)
	return f, true
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
		f := s.known(key)
		v, ok := values[key]
		var keyErr error
		if !ok {
			keyErr = s.loader.errorOf(err, key)
		}
		for _, then := range f.resolve(v, keyErr) {
			tell = append(tell, func() { then(v, keyErr) })
		}
	}
	for _, t := range tell {
		t()
	}
}
