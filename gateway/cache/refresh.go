package cache

import (
	"context"

	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// refreshesAtOnce is how many loads ahead of time may be under way; more are
// not begun, and what they were for is loaded when its time is over.
const refreshesAtOnce = 32

// refresh begins to load keys in the background, before the time of their
// entries is over. Each entry is tried once: an upstream that fails is not
// asked at every hit.
func (t *through[V]) refresh(ctx context.Context, keys []string, entries map[string]*Entry) {
	select {
	case t.cache.refreshing <- struct{}{}:
	default:
		t.cache.metrics.refreshes.WithLabelValues(refreshDropped).Add(float64(len(keys)))
		return
	}
	// What the load notes is none of this request's business.
	ctx, _ = report.With(ctx)
	ctx, span := tracing.Start(ctx, tracing.Refresh, "refresh", t.kind.Name)
	span.Int(tracing.Keys, len(keys))
	flights := t.startAhead(ctx, keys, entries)
	t.cache.work.Go(func() {
		defer func() { <-t.cache.refreshing }()
		defer span.End()
		for _, f := range flights {
			<-f.done
			f.leave()
			outcome := refreshDone
			if f.err != nil {
				outcome = refreshFailed
			}
			t.cache.metrics.refreshes.WithLabelValues(outcome).Inc()
		}
	})
}

// startAhead begins a trip for those of keys whose entries nobody else has
// begun to replace.
func (t *through[V]) startAhead(ctx context.Context, keys []string, entries map[string]*Entry) map[string]*flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	var mine []string
	for _, key := range keys {
		if t.flying[key] == nil && entries[t.name(key)].refreshed.CompareAndSwap(false, true) {
			mine = append(mine, key)
		}
	}
	return t.start(ctx, mine, true)
}
