package batch

import "context"

// InTurns lets each operation make at most n calls of next at once, 0 for any
// number: one that asks for very much waits for itself then, as long as it has
// time, and is not taken for many that ask for a little. It stands next to the
// upstream, so that what a cache has takes no turn.
func InTurns[K comparable, V any](n int, next Func[K, V]) Func[K, V] {
	if n == 0 {
		return next
	}
	return (&turns[K, V]{n, next}).call
}

// turns are the key by which a scope has the turns of its operation: a channel
// with one value for each that is taken.
type turns[K comparable, V any] struct {
	n    int
	next Func[K, V]
}

func (t *turns[K, V]) call(ctx context.Context, keys []K) (map[K]V, error) {
	s := scopeOf(ctx)
	if s == nil {
		return t.next(ctx, keys)
	}
	taken := s.of(t, func() any { return make(chan struct{}, t.n) }).(chan struct{})
	select {
	case taken <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-taken }()
	return t.next(ctx, keys)
}
