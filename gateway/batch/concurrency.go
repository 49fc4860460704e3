package batch

import "context"

// LimitConcurrency limits each operation to n concurrent calls of next; 0 means no limit. The
// further calls of a large operation wait, as long as it has time, instead of filling
// the service's queue. It must be placed behind the cache, so that hits do not count.
func LimitConcurrency[K comparable, V any](n int, next Func[K, V]) Func[K, V] {
	if n == 0 {
		return next
	}
	return (&concurrencyLimiter[K, V]{n, next}).call
}

// concurrencyLimiter identifies the operation's semaphore in a scope: a channel with one value for
// each call that is running.
type concurrencyLimiter[K comparable, V any] struct {
	n    int
	next Func[K, V]
}

func (t *concurrencyLimiter[K, V]) call(ctx context.Context, keys []K) (map[K]V, error) {
	s := scopeOf(ctx)
	if s == nil {
		return t.next(ctx, keys)
	}
	taken := s.getOrCreate(t, func() any { return make(chan struct{}, t.n) }).(chan struct{})
	select {
	case taken <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-taken }()
	return t.next(ctx, keys)
}
