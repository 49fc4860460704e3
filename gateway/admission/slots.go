package admission

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Slots bounds concurrency: it has a number of slots, and a queue of callers that wait for
// one. It is safe for concurrent use.
type Slots struct {
	slots   chan struct{} // holds one for each that is taken
	queue   int64
	wait    time.Duration
	queued  atomic.Int64
	waiting prometheus.Gauge
}

// NewSlots returns n slots. While they are taken, as many callers as queue wait, each at most
// for wait; waiting is set to their number.
func NewSlots(n, queue int, wait time.Duration, waiting prometheus.Gauge) *Slots {
	return &Slots{slots: make(chan struct{}, n), queue: int64(queue), wait: wait, waiting: waiting}
}

// The errors of [Slots.Acquire], besides that of its context.
var (
	ErrQueueFull   = errors.New("the queue is full")
	ErrWaitTooLong = errors.New("the wait in the queue was too long")
)

// Acquire takes a slot, in order of arrival. The caller must call [Slots.Release] when it
// returns nil.
func (s *Slots) Acquire(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	default:
	}
	defer s.queued.Add(-1)
	if s.queued.Add(1) > s.queue {
		return ErrQueueFull
	}
	s.waiting.Inc()
	defer s.waiting.Dec()
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrWaitTooLong
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Release gives a slot back.
func (s *Slots) Release() { <-s.slots }
