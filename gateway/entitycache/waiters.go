package entitycache

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// waiters are the callers that wait for a batch load. A caller counts once for each of the
// load's keys that it waits for. When the last one leaves, the load is cancelled.
type waiters struct {
	count          atomic.Int64
	latestDeadline atomic.Int64 // of all that were added, in Unix nanoseconds

	// cancel ends the load; nil if there is nothing to cancel, as all keys were found in a
	// store. It is written before the caller that started the load is removed, and so before
	// another caller can be the last one.
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	changed chan struct{} // closed at the next change; created by the first caller that waits
}

// init adds the caller that starts the load, for its number of keys, until ctx ends.
func (w *waiters) init(ctx context.Context, keys int) {
	w.count.Store(int64(keys))
	w.extendDeadline(ctx)
}

// add adds a caller that waits for a key until ctx ends. It fails if the load is being
// cancelled because its last caller has stopped waiting.
func (w *waiters) add(ctx context.Context) bool {
	for {
		n := w.count.Load()
		if n <= 0 {
			return false
		}
		if w.count.CompareAndSwap(n, n+1) {
			w.extendDeadline(ctx)
			return true
		}
	}
}

// remove removes a caller that waited for a key. why is not nil if it stopped waiting. If it
// was the last one, the load is cancelled for its reason: a client that disconnected says
// nothing about the service, a missed deadline does.
func (w *waiters) remove(why error) {
	if w.count.Add(-1) == 0 && w.cancel != nil {
		w.cancel(why)
	}
}

// extendDeadline extends latestDeadline to the deadline of ctx.
func (w *waiters) extendDeadline(ctx context.Context) {
	until := int64(math.MaxInt64)
	if deadline, ok := ctx.Deadline(); ok {
		until = deadline.UnixNano()
	}
	for before := w.latestDeadline.Load(); before < until && !w.latestDeadline.CompareAndSwap(before, until); {
		before = w.latestDeadline.Load()
	}
}

// hasTimeLeft reports whether any caller has at least least left until its deadline.
func (w *waiters) hasTimeLeft(least time.Duration) bool {
	return w.latestDeadline.Load() > time.Now().Add(least).UnixNano()
}

// changes returns a channel that is closed at the next change of the load. To miss none,
// callers must get the channel before they check the state.
func (w *waiters) changes() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed
}

// broadcast wakes all callers that wait for a change.
func (w *waiters) broadcast() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}
