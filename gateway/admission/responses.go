package admission

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// NewResponses returns the budget for the responses in flight: cfg.ResponsesMB, or least bytes
// if that is more.
func NewResponses(cfg Config, least int, reg prometheus.Registerer) *Budget {
	size := int64(math.MaxInt64)
	if cfg.ResponsesMB > 0 {
		size = int64(max(cfg.ResponsesMB<<20, least))
	}
	return NewBudget(size, prometheus.GaugeOpts{
		Name: "admission_responses_bytes", Help: "Memory of responses in flight and of the data loaded for them, beyond 64 KiB of each, in bytes.",
	}, prometheus.CounterOpts{
		Name: "admission_responses_shed_total",
		Help: "Operations ended because the memory budget for responses in flight was exhausted.",
	}, reg)
}
