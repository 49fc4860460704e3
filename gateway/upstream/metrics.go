package upstream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// Metrics are the figures of all upstreams. A gateway has one, made by [NewMetrics].
type Metrics struct {
	errors   *prometheus.CounterVec
	duration *prometheus.HistogramVec
	attempts *prometheus.CounterVec
	inFlight *prometheus.GaugeVec
	queue    *prometheus.GaugeVec
	breaker  *prometheus.GaugeVec
	budget   *prometheus.GaugeVec
}

// NewMetrics registers the figures of upstreams with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"service_name"})
	}
	m := &Metrics{
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "service_errors_total",
			Help: "Calls to a service that gave nothing of use, by service and error code.",
		}, []string{"service_name", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                        "upstream_call_duration_seconds",
			Help:                        "How long calls to a service took, with all their attempts and waits, by service and outcome.",
			Buckets:                     []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
			NativeHistogramBucketFactor: 1.1,
		}, []string{"service_name", "outcome"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "upstream_attempts_total",
			Help: "Requests made to a service, by service, outcome, and whether it was the first of a call, a retry, a hedge, or the probe of a half-open circuit.",
		}, []string{"service_name", "outcome", "attempt"}),
		inFlight: gauge("upstream_in_flight", "Requests to a service that are under way."),
		queue:    gauge("upstream_queue_length", "Calls to a service that wait for their turn."),
		breaker:  gauge("upstream_breaker_state", "Whether a service is asked: 0 closed (it is), 1 half-open (it is tried), 2 open (it is not)."),
		budget:   gauge("upstream_retry_budget", "How many retries and hedges of calls to a service are paid for at present."),
	}
	reg.MustRegister(m.errors, m.duration, m.attempts, m.inFlight, m.queue, m.breaker, m.budget)
	return m
}

// figures are the metrics of one service.
type figures struct {
	service                          string
	all                              *Metrics
	inFlight, queue, breaker, budget prometheus.Gauge
}

func (m *Metrics) of(service string) *figures {
	return &figures{
		service:  service,
		all:      m,
		inFlight: m.inFlight.WithLabelValues(service),
		queue:    m.queue.WithLabelValues(service),
		breaker:  m.breaker.WithLabelValues(service),
		budget:   m.budget.WithLabelValues(service),
	}
}

func (f *figures) failed(kind fault.Kind) { f.all.errors.WithLabelValues(f.service, kind.Code()).Inc() }

func (f *figures) attempted(kind, outcome string) {
	f.all.attempts.WithLabelValues(f.service, outcome, kind).Inc()
}

// measure notes how long each call took, and what came of it.
func measure(f *figures, next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		start := time.Now()
		r, span := f.startCall(r)
		resp, err := next.RoundTrip(r)
		took := time.Since(start)
		failure := verdict(f.service, resp, err)
		out := outcome(r.Context(), failure)
		if failed, ok := errors.AsType[*fault.Error](failure); ok && out != canceled {
			f.failed(failed.Kind)
		}
		f.all.duration.WithLabelValues(f.service, out).Observe(took.Seconds())
		f.endCall(span, out)
		return resp, err
	})
}

// canceled is the outcome of what its client did not wait for, which says
// nothing about the service.
const canceled = "canceled"

const outcomeOK = "ok"

// outcome names a verdict for metrics.
func outcome(ctx context.Context, verdict error) string {
	f, failed := errors.AsType[*fault.Error](verdict)
	switch {
	case !failed:
		return outcomeOK
	case errors.Is(ctx.Err(), context.Canceled):
		return canceled
	}
	return f.Kind.Reason()
}
