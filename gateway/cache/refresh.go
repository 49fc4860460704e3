package cache

import (
	"context"
	"errors"

	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

type aheadKey struct{}

// ahead returns a context for what is put together anew before its time is
// over: loads wait for the next entry where the one that there is ages.
func ahead(ctx context.Context) context.Context { return context.WithValue(ctx, aheadKey{}, true) }

func isAhead(ctx context.Context) bool { return ctx.Value(aheadKey{}) != nil }

// replaceable tells whether the next entry is worth waiting for: nobody has
// asked for it yet, or somebody is just about to.
func (t *through[V]) replaceable(key string, e *Entry) bool {
	if e.refreshed.CompareAndSwap(false, true) {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.flying[key] != nil
}

// detached returns a context for work that outlives the request that begins it:
// with the values of ctx, and an end of its own.
func (c *Cache) detached(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.loadTimeout())
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(c.ctx, end)
	return ctx, func(why error) { unhook(); cancel(why); end() }
}

// mayRefresh takes one of the places for work ahead of time, which done gives back.
func (c *Cache) mayRefresh() (done func(), ok bool) {
	select {
	case c.refreshing <- struct{}{}:
		return func() { <-c.refreshing }, true
	default:
		return nil, false
	}
}

// refreshesAtOnce is how many loads ahead of time may be under way; more are
// not begun, and what they were for is loaded when its time is over.
const refreshesAtOnce = 32

// aging is an entry whose time is nearly over.
type aging struct {
	wanted
	entry *Entry
}

// refresh begins to load keys in the background, before the time of their
// entries is over. Each entry is tried once: an upstream that fails is not
// asked at every hit.
func (t *through[V]) refresh(ctx context.Context, aging []aging) {
	done, ok := t.cache.mayRefresh()
	if !ok {
		t.cache.metrics.refreshes.WithLabelValues(refreshDropped).Add(float64(len(aging)))
		return
	}
	// What the load notes is none of this request's business.
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

// tellOfPanic logs and counts a panic that nobody waited for, and so nobody else will.
func (c *Cache) tellOfPanic(ctx context.Context, err error) {
	if p, ok := errors.AsType[*fault.Panic](err); ok && p.First() {
		c.metrics.panics.Inc()
		c.log.ErrorContext(ctx, "panic", "panic", p.Value, "stack", string(p.Stack))
	}
}

// announceAhead makes the flights of a trip for those of aging which nobody else has begun to replace.
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
