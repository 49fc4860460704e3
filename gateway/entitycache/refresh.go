package entitycache

import (
	"context"

	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// An entry needs a refresh in the last part of its life. The first request that hits it then
// starts to load its replacement in the background, so that keys in demand do not expire. A
// refresh is a load that an entry of that age does not satisfy.

// maxRefreshes is the maximum number of concurrent background refreshes. More are not
// started; their entries are loaded after they expire.
const maxRefreshes = 32

// acquireRefresh takes a permit for a background refresh, which release returns. ok is false
// if there is none.
func (c *Cache) acquireRefresh() (release func(), ok bool) {
	select {
	case c.refreshing <- struct{}{}:
		return func() { <-c.refreshing }, true
	default:
		return nil, false
	}
}

// expiringEntry is an entry that needs a refresh.
type expiringEntry struct {
	lookup

	entry *Entry
}

// refresh starts to load keys in the background, before their entries expire. It tries
// each entry only once, so that an upstream that fails is not called at every hit.
func (t *readThrough[V]) refresh(ctx context.Context, old []expiringEntry) {
	release, ok := t.cache.acquireRefresh()
	if !ok {
		t.cache.metrics.refreshes.WithLabelValues(refreshDropped).Add(float64(len(old)))
		return
	}
	// The load must not be part of this request's report.
	ctx, _ = report.With(ctx)
	ctx, span := tracing.Start(ctx, tracing.Refresh, "refresh", t.kind.Name)
	span.Int(tracing.Keys, len(old))
	loads := t.startRefreshes(ctx, old)
	t.cache.background.Go(func() {
		defer release()
		defer span.End()
		t.lookUp(context.WithoutCancel(ctx), loads)
		for _, l := range loads {
			for !l.done.Load() {
				if changed := l.batch.changes(); !l.done.Load() {
					<-changed
				}
			}
			l.batch.remove(nil)
			t.cache.reportPanic(ctx, l.err)
		}
	})
}

// startRefreshes starts loads for those entries that are not being refreshed or loaded.
func (t *readThrough[V]) startRefreshes(ctx context.Context, old []expiringEntry) []*load {
	t.mu.Lock()
	defer t.mu.Unlock()
	var mine []lookup
	for _, a := range old {
		if t.inFlight[a.loadKey] == nil && a.entry.refreshClaimed.CompareAndSwap(false, true) {
			mine = append(mine, a.lookup)
		}
	}
	return t.start(ctx, mine, true, false)
}

type refreshKey struct{}

// withRefresh returns a context for rebuilding a response before it expires. In it, loads
// wait for the replacement of an entry that needs a refresh instead of using the entry.
func withRefresh(ctx context.Context) context.Context {
	return context.WithValue(ctx, refreshKey{}, true)
}

func isRefresh(ctx context.Context) bool { return ctx.Value(refreshKey{}) != nil }

// claimRefresh reports whether the caller must wait for a replacement of e: no goroutine had
// started to load it, so that the caller must from now on, or a load is in flight.
func (t *readThrough[V]) claimRefresh(key loadKey, e *Entry) bool {
	if e.refreshClaimed.CompareAndSwap(false, true) {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inFlight[key] != nil
}
