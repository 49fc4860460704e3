package cache

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// trip is one load under way, of one key or many.
type trip struct {
	started time.Time
	ahead   bool          // it is to bring something younger than what is aging
	looked  chan struct{} // closed when it is known what stands in
	waiting atomic.Int64  // seats taken, over all of its keys
	until   atomic.Int64  // when the last of those who took them leaves, in Unix nanoseconds
	cancel  context.CancelCauseFunc
	begun   tracing.Ref // the step that began it
}

// flight is what a trip does for one key.
type flight struct {
	name string // of its entry
	trip *trip
	done chan struct{}

	// Written before the trip has looked, read-only after.
	standIn *Entry // what was there before, nil if nothing was

	// Written before done is closed, read-only after.
	entry *Entry // nil if err is not
	asked bool   // the upstream was
	err   error
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

// stays notes that somebody is on board until ctx ends.
func (tr *trip) stays(ctx context.Context) {
	until := int64(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok && !tr.ahead {
		until = deadline.UnixNano()
	}
	for before := tr.until.Load(); before < until && !tr.until.CompareAndSwap(before, until); {
		before = tr.until.Load()
	}
}

// lasts tells whether anybody will be on board for as long as least.
func (tr *trip) lasts(least time.Duration) bool {
	return tr.until.Load() > time.Now().Add(least).UnixNano()
}

// leave gives a seat back, for a reason if it is given up. A trip that nobody
// waits for ends, for the last one's reason: a client who has gone says nothing
// about the service, and one whose time is over does.
func (f *flight) leave(why error) {
	if f.trip.waiting.Add(-1) == 0 {
		f.trip.cancel(why)
	}
}

// hasLanded tells whether done is closed.
func (f *flight) hasLanded() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// join gives a flight for each key, with a seat taken: those that are under
// way, and for the rest one new trip together.
func (t *through[V]) join(ctx context.Context, keys []string) map[string]*flight {
	joined := make(map[string]*flight, len(keys))
	var mine []string
	var others []tracing.Ref
	span := tracing.Current(ctx)
	defer func() { traceShared(span, others) }()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if f := t.flying[key]; f != nil && !t.cache.purges.since(f.trip.started, t.name(key)) && f.board(ctx) {
			joined[key] = f
			t.cache.metrics.coalesced.Inc()
			others = append(others, f.trip.begun)
			continue
		}
		mine = append(mine, key)
	}
	for key, f := range t.start(ctx, mine, isAhead(ctx)) {
		joined[key] = f
	}
	return joined
}

// start begins a trip for keys, with one seat taken for each. The caller holds mu.
func (t *through[V]) start(ctx context.Context, keys []string, ahead bool) map[string]*flight {
	if len(keys) == 0 {
		return nil
	}
	// The load belongs to all who wait for it: it has the values of the first
	// one's context, not its end.
	loading, cancel := t.cache.detached(report.Kept(ctx))
	tr := &trip{started: time.Now(), ahead: ahead, looked: make(chan struct{}), cancel: cancel, begun: tracing.Current(ctx).Ref()}
	tr.waiting.Store(int64(len(keys)))
	tr.stays(ctx)
	flights := make(map[string]*flight, len(keys))
	for _, key := range keys {
		flights[key] = &flight{name: t.name(key), trip: tr, done: make(chan struct{})}
		t.flying[key] = flights[key]
	}
	t.cache.work.Go(func() {
		defer cancel(nil)
		t.fly(loading, tr, keys, flights)
	})
	return flights
}
