package cache

import (
	"context"
	"errors"

	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

type aheadKey struct{}

// ahead returns a context for rebuilding a response before it expires. In it, loads wait
// for the replacement of an aging entry instead of using the entry.
func ahead(ctx context.Context) context.Context { return context.WithValue(ctx, aheadKey{}, true) }

func isAhead(ctx context.Context) bool { return ctx.Value(aheadKey{}) != nil }

// replaceable reports whether e has a replacement to wait for: either nobody has started
// to load it yet, so that the caller must, or a load is in flight.
func (t *through[V]) replaceable(key string, e *Entry) bool {
	if e.refreshed.CompareAndSwap(false, true) {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.flying[key] != nil
}

// detached returns a context for work that outlives its request. It has the values of
// ctx, but ends by its own timeout, by the cancel function, or with the cache.
func (c *Cache) detached(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.loadTimeout())
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(c.ctx, end)
	return ctx, func(why error) { unhook(); cancel(why); end() }
}

// mayRefresh takes a permit for a background refresh, which done returns. ok is false if
// there is none.
func (c *Cache) mayRefresh() (done func(), ok bool) {
	select {
	case c.refreshing <- struct{}{}:
		return func() { <-c.refreshing }, true
	default:
		return nil, false
	}
}

// refreshesAtOnce is the maximum number of concurrent background refreshes. More are not
// started; their entries are loaded after they expire.
const refreshesAtOnce = 32

// aging is an entry that is about to expire.
type aging struct {
	wanted
	entry *Entry
}

// refresh starts to load keys in the background, before their entries expire. It tries
// each entry only once, so that an upstream that fails is not called at every hit.
func (t *through[V]) refresh(ctx context.Context, aging []aging) {
	done, ok := t.cache.mayRefresh()
	if !ok {
		t.cache.metrics.refreshes.WithLabelValues(refreshDropped).Add(float64(len(aging)))
		return
	}
	// The load must not be part of this request's report.
	ctx, _ = report.With(ctx)
	ctx, span := tracing.Start(ctx, tracing.Refresh, "refresh", t.kind.Name)
	span.Int(tracing.Keys, len(aging))
	flights := t.announceAhead(ctx, aging)
	t.cache.work.Go(func() {
		defer done()
		defer span.End()
		t.depart(context.WithoutCancel(ctx), flights)
		for _, f := range flights {
			f.wait()
			f.leave(nil)
			t.cache.tellOfPanic(ctx, f.err)
		}
	})
}

// tellOfPanic logs and counts a panic in a load that no request waits for.
func (c *Cache) tellOfPanic(ctx context.Context, err error) {
	if p, ok := errors.AsType[*fault.Panic](err); ok && p.First() {
		c.metrics.panics.Inc()
		c.log.ErrorContext(ctx, "panic", "panic", p.Value, "stack", string(p.Stack))
	}
}

// announceAhead creates the flights for those entries that nobody else refreshes.
func (t *through[V]) announceAhead(ctx context.Context, aging []aging) []*flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	var mine []wanted
	for _, a := range aging {
		if t.flying[a.key] == nil && a.entry.refreshed.CompareAndSwap(false, true) {
			mine = append(mine, a.wanted)
		}
	}
	return t.announce(ctx, mine, true)
}
