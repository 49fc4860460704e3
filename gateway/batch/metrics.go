package batch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/telemetry"
)

// Metrics are the metrics of all loaders. A gateway has one, made by [NewMetrics].
type Metrics struct{ keys, waits *prometheus.HistogramVec }

// NewMetrics registers the metrics of loaders with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		keys: prometheus.NewHistogramVec(telemetry.Histogram("loader_batch_keys",
			"Number of keys in a batch of a loader.", 1, 2, 5, 10, 20, 50, 100, 200, 500), []string{"loader"}),
		waits: prometheus.NewHistogramVec(telemetry.Durations("loader_batch_wait_seconds",
			"How long the first key of a batch waited for others."), []string{"loader"}),
	}
	reg.MustRegister(m.keys, m.waits)
	return m
}

// Of returns the [Options.Observe] of a loader with this name.
func (m *Metrics) Of(loader string) func(keys int, waited time.Duration) {
	keys, waits := m.keys.WithLabelValues(loader), m.waits.WithLabelValues(loader)
	return func(n int, waited time.Duration) {
		keys.Observe(float64(n))
		waits.Observe(waited.Seconds())
	}
}
