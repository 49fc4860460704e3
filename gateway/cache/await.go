package cache

import (
	"context"
	"time"

	"tributary/gateway/report"
)

// await waits for a flight, or until ctx ends. If the flight fails or takes longer than
// the policy's patience, it returns the stale entry, if there is one that may be served,
// unless the caller reads past the cache.
func (t *through[V]) await(ctx context.Context, f *flight, past bool) (*Entry, error) {
	var outOfPatience <-chan time.Time
	patient := t.policy.patience > 0 && !past
	for !f.landed.Load() {
		news := f.trip.next()
		if patient && f.trip.looked.Load() {
			patient = false
			if t.servesSlow(f, time.Now()) {
				outOfPatience = time.After(t.policy.patience - time.Since(f.trip.started))
			}
		}
		if f.landed.Load() {
			break
		}
		select {
		case <-news:
		case <-ctx.Done():
			f.leave(ctx.Err())
			return nil, context.Cause(ctx)
		case now := <-outOfPatience:
			if f.landed.Load() { // while another flight was waited for
				continue
			}
			// The seat is not given back, so the load continues for later callers.
			t.standIn(ctx, f, now, true)
			return f.standIn, nil
		}
	}
	f.leave(nil)
	return t.landed(ctx, f, past)
}

// landed returns the result of a flight that has landed.
func (t *through[V]) landed(ctx context.Context, f *flight, past bool) (*Entry, error) {
	now := time.Now()
	if f.err == nil {
		t.used(ctx, f.name, f.entry, now, f.asked)
		return f.entry, nil
	}
	if !past && t.servesFailed(f, now) {
		t.standIn(ctx, f, now, f.asked)
		return f.standIn, nil
	}
	if f.asked {
		report.From(ctx).Asked()
	}
	return nil, f.err
}

// used records in the report that e is part of the response. asked is whether the
// upstream was called for it.
func (t *through[V]) used(ctx context.Context, name string, e *Entry, now time.Time, asked bool) {
	t.note(ctx, name, e, report.Use{Asked: asked})
	if !asked {
		t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	}
}

// note fills in use, a use of e, and adds it to the report.
func (t *through[V]) note(ctx context.Context, name string, e *Entry, use report.Use) {
	use.Name, use.Service, use.Answered, use.Generation = name, t.kind.Service, e.Answered, e.epoch.here
	use.Fresh, use.Aging = t.policy.freshUntil(e), t.policy.agingFrom(e)
	report.From(ctx).Used(use)
}

// standIn records that the stand-in of a flight is part of the response. It is stale
// unless the flight was a refresh of an entry that is still fresh. asked is whether the
// upstream was called.
func (t *through[V]) standIn(ctx context.Context, f *flight, now time.Time, asked bool) {
	e := f.standIn
	fresh := t.policy.fresh(e, now)
	t.note(ctx, f.name, e, report.Use{Asked: asked, Stale: !fresh})
	if fresh {
		return
	}
	report.From(ctx).OutOfDate(t.kind.Service, e.Age(now))
	t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	t.cache.metrics.stale.WithLabelValues(t.kind.Service).Inc()
}
