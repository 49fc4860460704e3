package admission

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"tributary/gateway/fault"
)

// Budget is a budget in bytes, with metrics of what is taken from it and of how often it was
// not enough. It is safe for concurrent use.
type Budget struct {
	free *semaphore.Weighted
	size int64
	wait time.Duration // the longest wait for bytes, besides that of the context
	held prometheus.Gauge
	shed prometheus.Counter
}

// NewBudget returns a budget of size bytes, and registers its metrics with reg.
func NewBudget(size int64, held prometheus.GaugeOpts, shed prometheus.CounterOpts, reg prometheus.Registerer) *Budget {
	b := &Budget{free: semaphore.NewWeighted(size), size: size, wait: math.MaxInt64, held: prometheus.NewGauge(held),
		shed: prometheus.NewCounter(shed)}
	reg.MustRegister(b.held, b.shed)
	return b
}

// Size is the budget in bytes.
func (b *Budget) Size() int64 { return b.size }

// TryAcquire takes n bytes if they are there, and reports whether it has.
func (b *Budget) TryAcquire(n int64) bool {
	if !b.free.TryAcquire(n) {
		b.shed.Inc()
		return false
	}
	b.held.Add(float64(n))
	return true
}

// errNoMemory is the cause of a [fault.Overloaded] for lack of memory.
var errNoMemory = errors.New("the memory budget is exhausted")

// acquire takes n bytes, for which it waits. The error is a [fault.Overloaded] or the cause
// of the end of ctx.
func (b *Budget) acquire(ctx context.Context, n int64) error {
	if !b.free.TryAcquire(n) {
		waiting, cancel := context.WithTimeout(ctx, b.wait)
		defer cancel()
		if b.free.Acquire(waiting, n) != nil {
			err := context.Cause(ctx)
			if !errors.Is(err, context.Canceled) {
				b.shed.Inc()
			}
			if err == nil {
				err = fault.New(fault.Overloaded, "", errNoMemory)
			}
			return err
		}
	}
	b.held.Add(float64(n))
	return nil
}

// Release gives back n bytes.
func (b *Budget) Release(n int64) {
	b.held.Sub(float64(n))
	b.free.Release(n)
}
