package batch

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// operationLoader has the loads of one loader for one operation. dataloader collects the keys into
// batches. The futures store the values; unlike waiting for a dataloader thunk, waiting
// for a future ends with the caller's context.
type operationLoader[K comparable, V any] struct {
	loader   *Loader[K, V]
	ctx      context.Context
	dispatch *dataloader.Loader[K, V] // nil if keys are loaded alone

	mu       sync.Mutex
	alone    alone[K]
	futures  map[K]*future[V]
	oldest   time.Time   // when the first key of the current batch arrived
	gapTimer *time.Timer // sends the batch when no key has arrived for Gap
}

// inputCapacity is how many keys can be added to a batch without waiting for its
// goroutine.
const inputCapacity = 16

func newOperationLoader[K comparable, V any](ctx context.Context, l *Loader[K, V]) *operationLoader[K, V] {
	s := &operationLoader[K, V]{loader: l, ctx: ctx, futures: make(map[K]*future[V])}
	if l.opts.Unbatched {
		s.alone.shared = &l.workers
		return s
	}
	s.dispatch = dataloader.NewBatchedLoader(func(ctx context.Context, keys []K) []*dataloader.Result[V] {
		s.send(ctx, keys, s.waited())
		return make([]*dataloader.Result[V], len(keys)) // the thunks are not used
	},
		dataloader.WithCache(&dataloader.NoCache[K, V]{}), // the futures are the cache
		dataloader.WithInputCapacity[K, V](inputCapacity),
		dataloader.WithWait[K, V](l.opts.Linger))
	s.gapTimer = time.AfterFunc(l.opts.Gap, s.dispatch.Flush)
	s.gapTimer.Stop()
	return s
}

// flush sends the current batch.
func (s *operationLoader[K, V]) flush() {
	if s.dispatch != nil {
		s.dispatch.Flush()
	}
}

// send loads a batch and resolves its futures.
func (s *operationLoader[K, V]) send(ctx context.Context, keys []K, waited time.Duration) {
	if s.loader.opts.Observe != nil {
		s.loader.opts.Observe(len(keys), waited)
	}
	ctx, span := tracing.Start(ctx, tracing.Batch, "batch", s.loader.opts.Service)
	values, err := callSafely(ctx, s.loader.load, keys)
	s.trace(span, keys, waited, err)
	span.End() // before the values are delivered: a response may report its spans then
	s.resolveAll(keys, values, err)
}

// callSafely calls load and turns a panic into an error, so that it fails only its own keys.
// It does not call load if the operation has ended.
func callSafely[K comparable, V any](ctx context.Context, load Func[K, V], keys []K) (values map[K]V, err error) {
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

// future returns the future of key, and whether this call has started its load.
func (s *operationLoader[K, V]) future(key K) (f *future[V], begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.futures[key]; ok {
		return f, false
	}
	f = &future[V]{}
	s.futures[key] = f
	if s.dispatch == nil {
		if s.alone.add(key) {
			go s.work()
		}
		return f, true
	}
	if s.oldest.IsZero() {
		s.oldest = time.Now()
	}
	// The lock is still held, so that a caller that finds the future can rely on its
	// key being in a batch, and flush that. The batch runs in the operation's
	// context, not in that of the caller that happened to be first.
	s.dispatch.Load(s.ctx, key)
	s.gapTimer.Reset(s.loader.opts.Gap)
	return f, true
}

// work loads queued keys, each alone, until there are none.
func (s *operationLoader[K, V]) work() {
	for {
		s.mu.Lock()
		key, ok := s.alone.next()
		s.mu.Unlock()
		if !ok {
			return
		}
		s.send(s.ctx, []K{key}, 0)
	}
}

func (s *operationLoader[K, V]) waited() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	waited := time.Since(s.oldest)
	s.oldest = time.Time{}
	return waited
}

func (s *operationLoader[K, V]) resolveAll(keys []K, values map[K]V, err error) {
	var tell []func()
	for _, key := range keys {
		f := s.futureOf(key)
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
