package upstream

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// Metrics are the figures of all upstreams. A gateway has one, made by [NewMetrics].
type Metrics struct {
	errors   *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// NewMetrics registers the figures of upstreams with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "service_errors_total",
			Help: "Calls to a service that gave nothing of use, by service and error code.",
		}, []string{"service_name", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                        "upstream_call_duration_seconds",
			Help:                        "How long calls to a service took, by service and outcome.",
			Buckets:                     []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
			NativeHistogramBucketFactor: 1.1,
		}, []string{"service_name", "outcome"}),
	}
	reg.MustRegister(m.errors, m.duration)
	return m
}

func (m *Metrics) failed(service string, kind fault.Kind) {
	m.errors.WithLabelValues(service, kind.Code()).Inc()
}

func (m *Metrics) called(service, outcome string, took time.Duration) {
	m.duration.WithLabelValues(service, outcome).Observe(took.Seconds())
}
