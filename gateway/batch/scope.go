package batch

import (
	"context"
	"sync"
)

// A Scope has the state of all loaders for one operation, or for one event of a
// subscription. It is safe for concurrent use.
type Scope struct {
	ctx context.Context // batches run under it

	mu    sync.Mutex
	parts map[any]any // *Loader[K, V] → *loads[K, V], *turns[K, V] → chan struct{}
	left  left        // the load that waits to be run by whoever waits first
	taken bool        // a load was left, or somebody has waited: none may be left from now on
}

// left is a load and the future that it resolves.
type left struct {
	future any
	run    func()
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

// of is what the scope has for owner.
func (s *Scope) of(owner any, create func() any) any {
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

// leave leaves the load of a future to the first caller that is about to wait in the
// scope. Only one load can be left, and only before anybody waits: callers that wait
// already would not notice it.
func (s *Scope) leave(future any, run func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return false
	}
	s.left, s.taken = left{future, run}, true
	return true
}

// attend runs the load that was left, if any, for a caller that is about to wait for
// future until ctx ends. It runs here if the caller waits for this load and could not
// return before it anyway, and on a goroutine of its own otherwise.
func (s *Scope) attend(ctx context.Context, future any) {
	s.mu.Lock()
	load := s.left
	s.left, s.taken = left{}, true
	s.mu.Unlock()
	switch {
	case load.run == nil:
	case load.future == future && ctx.Done() == s.ctx.Done():
		load.run()
	default:
		go load.run()
	}
}
