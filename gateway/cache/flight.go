package cache

import (
	"context"
	"sync/atomic"

	"tributary/gateway/tracing"
)

// wanted is a requested key and the name of its entry.
type wanted struct{ key, name string }

// flight is the load of one key, as part of a trip.
type flight struct {
	wanted
	trip  *trip
	epoch epoch // when it started

	// Read-only once trip.looked is true.
	standIn *Entry // the entry to serve if the load fails; nil if there is none

	// Read-only once landed is true.
	entry  *Entry // nil if err is not nil
	asked  bool   // whether the upstream was called
	err    error
	landed atomic.Bool
}

// board takes a seat for a caller that waits until ctx ends. It fails if the trip is
// being cancelled because nobody waits for it anymore.
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

// leave gives a seat back. why is not nil if the caller stopped waiting. When the last
// seat is given back, the trip is cancelled with the last caller's reason as cause: a
// client that disconnected says nothing about the service, a missed deadline does.
func (f *flight) leave(why error) {
	if f.trip.waiting.Add(-1) == 0 && f.trip.cancel != nil {
		f.trip.cancel(why)
	}
}

// wait blocks until f has landed.
func (f *flight) wait() {
	for !f.landed.Load() {
		news := f.trip.next()
		if f.landed.Load() {
			return
		}
		<-news
	}
}

// join returns a flight for each wanted key, with a seat taken: flights in progress, and
// for the other keys those of one new trip. The latter are in mine as well, and the
// caller must call depart with them. A caller that reads past the cache joins no flight, as
// that may have started before what it must not miss.
func (t *through[V]) join(ctx context.Context, all []wanted, past bool) (flights, mine []*flight) {
	var others []tracing.Ref
	span := tracing.Current(ctx)
	defer func() { traceShared(span, others) }()
	t.mu.Lock()
	defer t.mu.Unlock()
	flights, left := make([]*flight, 0, len(all)), all[:0]
	for _, w := range all {
		if f := t.flying[w.key]; f != nil && !past && f.epoch.here == t.cache.generations.of(w.name) && f.board(ctx) {
			flights = append(flights, f)
			t.cache.metrics.coalesced.Inc()
			others = append(others, f.trip.begun)
			continue
		}
		left = append(left, w)
	}
	mine = t.announce(ctx, left, isAhead(ctx))
	if len(mine) > 0 {
		mine[0].trip.past = past
	}
	return append(flights, mine...), mine
}

// announce creates a trip with a flight and one seat taken for each wanted key, and makes
// the flights available to join. The caller holds mu.
func (t *through[V]) announce(ctx context.Context, all []wanted, ahead bool) []*flight {
	if len(all) == 0 {
		return nil
	}
	tr := newTrip(ctx, ahead, len(all))
	flights, room := make([]*flight, len(all)), make([]flight, len(all))
	for i, w := range all {
		f := &room[i]
		f.wanted, f.trip, f.epoch = w, tr, t.cache.epochOf(w.name)
		flights[i] = f
		t.flying[w.key] = f
	}
	return flights
}
