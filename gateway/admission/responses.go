package admission

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
)

// Responses is a budget in bytes for the responses in flight. It is safe for concurrent
// use.
type Responses struct {
	room *semaphore.Weighted
	size int64
	held prometheus.Gauge
	shed prometheus.Counter
}

// NewResponses returns a budget of cfg.ResponsesMB, or of least bytes if that is more.
func NewResponses(cfg Config, least int, reg prometheus.Registerer) *Responses {
	size := int64(math.MaxInt64)
	if cfg.ResponsesMB > 0 {
		size = int64(max(cfg.ResponsesMB<<20, least))
	}
	r := &Responses{
		room: semaphore.NewWeighted(size),
		size: size,
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "admission_responses_bytes", Help: "Memory of the answers in flight and of what was loaded for them, beyond 64 KiB of each."}),
		shed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "admission_responses_shed_total",
			Help: "Operations that were ended because the answers in flight had reached their limit.",
		}),
	}
	reg.MustRegister(r.held, r.shed)
	return r
}

// Size is the budget in bytes.
func (r *Responses) Size() int64 { return r.size }

// TryAcquire takes n bytes, or counts that it has not got them.
func (r *Responses) TryAcquire(n int64) bool {
	if !r.room.TryAcquire(n) {
		r.shed.Inc()
		return false
	}
	r.held.Add(float64(n))
	return true
}

// Release gives back n bytes.
func (r *Responses) Release(n int64) {
	r.held.Sub(float64(n))
	r.room.Release(n)
}
