package cache

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"tributary/gateway/tracing"
)

// trip is one load in flight, of one or more keys.
type trip struct {
	started time.Time
	ahead   bool         // a refresh: aging entries do not satisfy it
	past    bool         // no entry satisfies it
	looked  atomic.Bool  // the stores have been read and the stand-ins are set
	waiting atomic.Int64 // seats taken, over all of its flights
	until   atomic.Int64 // latest deadline of those that took one, in Unix nanoseconds
	begun   tracing.Ref  // the span that started it

	// cancel ends the trip; nil if all flights landed on departure. It is written
	// before the caller that started the trip gives its seats back, and so before
	// another caller can give back the last one.
	cancel context.CancelCauseFunc

	mu   sync.Mutex
	news chan struct{} // closed at the next change; created by the first caller that waits
}

// newTrip returns a trip with seats taken until ctx ends.
func newTrip(ctx context.Context, ahead bool, seats int) *trip {
	tr := &trip{started: time.Now(), ahead: ahead, begun: tracing.Current(ctx).Ref()}
	tr.waiting.Store(int64(seats))
	tr.stays(ctx)
	return tr
}

// next returns a channel that is closed at the next change of the trip. To miss none,
// callers must get the channel before they check the state.
func (tr *trip) next() <-chan struct{} {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.news == nil {
		tr.news = make(chan struct{})
	}
	return tr.news
}

// tell wakes all callers that wait for a change.
func (tr *trip) tell() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.news != nil {
		close(tr.news)
		tr.news = nil
	}
}

// stays extends until to the deadline of ctx.
func (tr *trip) stays(ctx context.Context) {
	until := int64(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok && !tr.ahead {
		until = deadline.UnixNano()
	}
	for before := tr.until.Load(); before < until && !tr.until.CompareAndSwap(before, until); {
		before = tr.until.Load()
	}
}

// lasts reports whether any caller has at least least left until its deadline.
func (tr *trip) lasts(least time.Duration) bool {
	return tr.until.Load() > time.Now().Add(least).UnixNano()
}
