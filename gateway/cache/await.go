package cache

import (
	"context"
	"time"

	"tributary/gateway/report"
)

// await waits for a flight, or for ctx. A flight that failed, or that takes
// longer than patience, is answered by what stands in, if something does.
func (t *through[V]) await(ctx context.Context, f *flight) (*Entry, error) {
	var outOfPatience <-chan time.Time
	patient := t.policy.patience > 0
	for !f.landed.Load() {
		news := f.trip.next()
		if patient && f.trip.looked.Load() {
			patient = false
			if t.policy.standsIn(f.standIn, time.Now()) {
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
			// The seat stays taken: the load goes on, for whoever comes next.
			t.standIn(ctx, f, now, true)
			return f.standIn, nil
		}
	}
	f.leave(nil)
	return t.landed(ctx, f)
}

// landed is what came of a flight.
func (t *through[V]) landed(ctx context.Context, f *flight) (*Entry, error) {
	now := time.Now()
	if f.err == nil {
		t.used(ctx, f.name, f.entry, now, f.asked)
		return f.entry, nil
	}
	if t.policy.standsIn(f.standIn, now) {
		t.standIn(ctx, f, now, f.asked)
		return f.standIn, nil
	}
	if f.asked {
		report.From(ctx).Asked()
	}
	return nil, f.err
}

// used notes that e goes into an answer; asked tells whether the upstream was,
// because of it.
func (t *through[V]) used(ctx context.Context, name string, e *Entry, now time.Time, asked bool) {
	t.note(ctx, name, e, report.Use{Asked: asked})
	if !asked {
		t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	}
}

// note completes use, which is of e, and notes it.
func (t *through[V]) note(ctx context.Context, name string, e *Entry, use report.Use) {
	use.Name, use.Service, use.Answered = name, t.kind.Service, e.Answered
	use.Fresh, use.Aging = t.policy.freshUntil(e), t.policy.agingFrom(e)
	report.From(ctx).Used(use)
}

// standIn notes that what stands in for a flight goes into an answer though its
// time is over; that of an entry whose next one was asked for ahead of time may
// not be. Asked tells whether the upstream was: one that is given up is not.
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
