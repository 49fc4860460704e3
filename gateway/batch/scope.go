package batch

import (
	"context"
	"sync"
)

// A Scope has the state of all loaders for one operation, or for one event of a
// subscription. It is safe for concurrent use.
type Scope struct {
	ctx context.Context // the context of batches

	mu    sync.Mutex
	parts map[any]any // *Loader[K, V] → *loads[K, V], *concurrencyLimiter[K, V] → chan struct{}
}

type scopeKey struct{}

// WithScope returns a context in which loaders batch and deduplicate. Loads run until
// ctx ends, regardless of how long their callers wait.
func WithScope(ctx context.Context) context.Context {
	s := &Scope{}
	s.ctx = context.WithValue(ctx, scopeKey{}, s)
	return s.ctx
}

func scopeOf(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

// getOrCreate returns the scope's state for owner, and creates it on first use.
func (s *Scope) getOrCreate(owner any, create func() any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	part, ok := s.parts[owner]
	if !ok {
		if s.parts == nil {
			s.parts = map[any]any{}
		}
		part = create()
		s.parts[owner] = part
	}
	return part
}
