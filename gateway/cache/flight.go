package cache

import (
	"context"
	"sync/atomic"
	"time"

	"tributary/gateway/report"
)

// trip is one load under way, of one key or many.
type trip struct {
	waiting atomic.Int64 // seats taken, over all of its keys
	cancel  context.CancelFunc
}

// flight is what a trip does for one key.
type flight struct {
	trip *trip
	done chan struct{}

	// Written before done is closed, read-only after.
	entry   *Entry // nil if err is not
	asked   bool   // the upstream was
	err     error
	standIn *Entry // what was there before, nil if nothing was
}

// board takes a seat, unless the trip is being given up.
func (f *flight) board() bool {
	for {
		n := f.trip.waiting.Load()
		if n <= 0 {
			return false
		}
		if f.trip.waiting.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// leave gives a seat back; a trip that nobody waits for ends.
func (f *flight) leave() {
	if f.trip.waiting.Add(-1) == 0 {
		f.trip.cancel()
	}
}

// join gives a flight for each key, with a seat taken: those that are under
// way, and for the rest one new trip together.
func (t *through[V]) join(ctx context.Context, keys []string) map[string]*flight {
	joined := make(map[string]*flight, len(keys))
	var mine []string
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if f := t.flying[key]; f != nil && f.board() {
			joined[key] = f
			t.cache.metrics.coalesced.Inc()
			continue
		}
		mine = append(mine, key)
	}
	for key, f := range t.start(ctx, mine) {
		joined[key] = f
	}
	return joined
}

// start begins a trip for keys, with one seat taken for each. The caller holds mu.
func (t *through[V]) start(ctx context.Context, keys []string) map[string]*flight {
	if len(keys) == 0 {
		return nil
	}
	// The load belongs to all who wait for it: it has the values of the first
	// one's context, not its end.
	loading, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.cache.cfg.loadTimeout())
	unhook := context.AfterFunc(t.cache.ctx, cancel)
	tr := &trip{cancel: cancel}
	tr.waiting.Store(int64(len(keys)))
	flights := make(map[string]*flight, len(keys))
	for _, key := range keys {
		flights[key] = &flight{trip: tr, done: make(chan struct{})}
		t.flying[key] = flights[key]
	}
	t.cache.work.Go(func() {
		defer cancel()
		defer unhook()
		t.fly(loading, keys, flights)
	})
	return flights
}

// await waits for a flight, or for ctx, and gives the seat back. A flight that
// failed is answered by what stands in, if something does.
func (t *through[V]) await(ctx context.Context, f *flight) (*Entry, error) {
	defer f.leave()
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	now := time.Now()
	if f.err == nil {
		t.used(ctx, f.entry, now, f.asked)
		return f.entry, nil
	}
	if t.policy.standsIn(f.standIn, now) {
		t.standIn(ctx, f.standIn, now)
		return f.standIn, nil
	}
	report.From(ctx).Asked()
	return nil, f.err
}
