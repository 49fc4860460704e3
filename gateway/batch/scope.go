package batch

import (
	"context"
	"sync"
)

// A Scope holds what the loaders know and collect for one operation, or for
// one event of a subscription. It is safe for concurrent use.
type Scope struct {
	ctx context.Context // batches run under it

	mu    sync.Mutex
	loads map[any]any // *Loader[K, V] → *loads[K, V]
}

type scopeKey struct{}

// WithScope returns a context in which loaders batch and remember. Batches run
// until ctx ends, however long their callers wait.
func WithScope(ctx context.Context) context.Context {
	s := &Scope{}
	s.ctx = context.WithValue(ctx, scopeKey{}, s)
	return s.ctx
}

func scopeOf(ctx context.Context) *Scope {
	s, _ := ctx.Value(scopeKey{}).(*Scope)
	return s
}

func (s *Scope) loadsOf(loader any, create func() any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.loads[loader]
	if !ok {
		if s.loads == nil {
			s.loads = map[any]any{}
		}
		l = create()
		s.loads[loader] = l
	}
	return l
}
