package cache

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"tributary/gateway/tracing"
)

// trip is one load under way, of one key or many.
type trip struct {
	started time.Time
	ahead   bool         // it is to bring something younger than what is aging
	looked  atomic.Bool  // it is known what stands in
	waiting atomic.Int64 // seats taken, over all of its keys
	until   atomic.Int64 // when the last of those who took them leaves, in Unix nanoseconds
	begun   tracing.Ref  // the step that began it

	// Ends it; nil if all of it landed on departure. Written before the caller that
	// began it gives back a seat, and so before anybody can hold the last one.
	cancel context.CancelCauseFunc

	mu   sync.Mutex
	news chan struct{} // closed when something more is known, once somebody waits for that
}

// newTrip is a trip on which seats are taken until ctx ends.
func newTrip(ctx context.Context, ahead bool, seats int) *trip {
	tr := &trip{started: time.Now(), ahead: ahead, begun: tracing.Current(ctx).Ref()}
	tr.waiting.Store(int64(seats))
	tr.stays(ctx)
	return tr
}

// next is closed when more is known than now: who waits takes it first and looks
// then whether what it waits for is known.
func (tr *trip) next() <-chan struct{} {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.news == nil {
		tr.news = make(chan struct{})
	}
	return tr.news
}

// tell tells those who wait that more is known.
func (tr *trip) tell() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.news != nil {
		close(tr.news)
		tr.news = nil
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
