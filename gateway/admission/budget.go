package admission

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// Budget is a budget in bytes, with metrics of what is taken from it and of how often it was
// not enough. It is safe for concurrent use.
type Budget struct {
	room *semaphore.Weighted
	size int64
	held prometheus.Gauge
	shed prometheus.Counter
}

// NewBudget returns a budget of size bytes, whose metrics it registers with reg.
func NewBudget(size int64, held prometheus.GaugeOpts, shed prometheus.CounterOpts, reg prometheus.Registerer) *Budget {
	b := &Budget{room: semaphore.NewWeighted(size), size: size, held: prometheus.NewGauge(held), shed: prometheus.NewCounter(shed)}
	reg.MustRegister(b.held, b.shed)
	return b
}

// Size is the budget in bytes.
func (b *Budget) Size() int64 { return b.size }

// TryAcquire takes n bytes if they are there, and reports whether it has.
func (b *Budget) TryAcquire(n int64) bool { return b.took(n, b.room.TryAcquire(n)) }

// Acquire takes n bytes. It waits for them until ctx ends, and reports whether it has them.
func (b *Budget) Acquire(ctx context.Context, n int64) bool {
	return b.took(n, b.room.Acquire(ctx, n) == nil)
}

func (b *Budget) took(n int64, taken bool) bool {
	if taken {
		b.held.Add(float64(n))
	} else {
		b.shed.Inc()
	}
	return taken
}

// Release gives back n bytes.
func (b *Budget) Release(n int64) {
	b.held.Sub(float64(n))
	b.room.Release(n)
}
