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
			t.standIn(ctx, f, now)
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
		t.standIn(ctx, f, now)
		return f.standIn, nil
	}
	report.From(ctx).Asked()
	return nil, f.err
}

// used notes that e goes into an answer; asked tells whether the upstream was,
// because of it.
func (t *through[V]) used(ctx context.Context, name string, e *Entry, now time.Time, asked bool) {
	t.note(ctx, name, e, asked)
	if !asked {
		t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	}
}

func (t *through[V]) note(ctx context.Context, name string, e *Entry, asked bool) {
	report.From(ctx).Used(report.Use{
		Name: name, Service: t.kind.Service, Answered: e.Answered, Asked: asked,
		Fresh: t.policy.freshUntil(e), Aging: t.policy.agingFrom(e),
	})
}

// standIn notes that e goes into an answer though its time is over; that of an
// entry whose next one was asked for ahead of time may not be.
func (t *through[V]) standIn(ctx context.Context, f *flight, now time.Time) {
	e := f.standIn
	t.note(ctx, f.name, e, true)
	if t.policy.fresh(e, now) {
		return
	}
	report.From(ctx).OutOfDate(t.kind.Service, e.Age(now))
	t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	t.cache.metrics.stale.WithLabelValues(t.kind.Service).Inc()
}
