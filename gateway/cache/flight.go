package cache

import (
	"context"
	"sync/atomic"

	"tributary/gateway/tracing"
)

// wanted is a key that was asked for and the name of its entry.
type wanted struct{ key, name string }

// flight is what a trip does for one key.
type flight struct {
	wanted
	trip *trip

	// Written before the trip has looked, read-only after.
	standIn *Entry // what was there before, nil if nothing was

	// Written before it has landed, read-only after.
	entry  *Entry // nil if err is not
	asked  bool   // the upstream was
	err    error
	landed atomic.Bool
}

// board takes a seat for who waits until ctx ends, unless the trip is being given up.
func (f *flight) board(ctx context.Context) bool {
	for {
		n := f.trip.waiting.Load()
		if n <= 0 {
			return false
		}
		if f.trip.waiting.CompareAndSwap(n, n+1) {
			f.trip.stays(ctx)
			return true
		}
	}
}

// leave gives a seat back, for a reason if it is given up. A trip that nobody
// waits for ends, for the last one's reason: a client who has gone says nothing
// about the service, and one whose time is over does.
func (f *flight) leave(why error) {
	if f.trip.waiting.Add(-1) == 0 && f.trip.cancel != nil {
		f.trip.cancel(why)
	}
}

// wait waits until f has landed.
func (f *flight) wait() {
	for !f.landed.Load() {
		news := f.trip.next()
		if f.landed.Load() {
			return
		}
		<-news
	}
}

// join gives flights for what is wanted, each with a seat taken: those that are
// under way, and for the rest those of one new trip, which the caller has depart.
func (t *through[V]) join(ctx context.Context, all []wanted) (flights, mine []*flight) {
	var others []tracing.Ref
	span := tracing.Current(ctx)
	defer func() { traceShared(span, others) }()
	t.mu.Lock()
	defer t.mu.Unlock()
	flights, left := make([]*flight, 0, len(all)), all[:0]
	for _, w := range all {
		if f := t.flying[w.key]; f != nil && !t.cache.purges.since(f.trip.started, w.name) && f.board(ctx) {
			flights = append(flights, f)
			t.cache.metrics.coalesced.Inc()
			others = append(others, f.trip.begun)
			continue
		}
		left = append(left, w)
	}
	mine = t.announce(ctx, left, isAhead(ctx))
	return append(flights, mine...), mine
}

// announce makes the flights of a trip for what is wanted, with one seat taken
// for each, for others to find. The caller holds mu.
func (t *through[V]) announce(ctx context.Context, all []wanted, ahead bool) []*flight {
	if len(all) == 0 {
		return nil
	}
	tr := newTrip(ctx, ahead, len(all))
	flights, room := make([]*flight, len(all)), make([]flight, len(all))
	for i, w := range all {
		f := &room[i]
		f.wanted, f.trip = w, tr
		flights[i] = f
		t.flying[w.key] = f
	}
	return flights
}
