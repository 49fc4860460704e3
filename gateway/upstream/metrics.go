package upstream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

// Metrics are the metrics of all upstreams. A gateway has one, made by [NewMetrics].
type Metrics struct {
	errors    *prometheus.CounterVec
	calls     *prometheus.HistogramVec
	attempts  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  *prometheus.GaugeVec
	queue     *prometheus.GaugeVec
	breaker   *prometheus.GaugeVec
	budget    *prometheus.GaugeVec
	writes    *prometheus.CounterVec
}

// NewMetrics registers the metrics of upstreams with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"service_name"})
	}
	m := &Metrics{
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "service_errors_total",
			Help: "Failed calls to a service, after all retries, by service and error code.",
		}, []string{"service_name", "code"}),
		calls: prometheus.NewHistogramVec(telemetry.Durations("upstream_call_duration_seconds",
			"How long calls to a service took, with all their attempts and waits, by service and outcome."),
			[]string{"service_name", "outcome"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "upstream_attempts_total",
			Help: "Attempts of calls to a service, by service, outcome and kind: first, retry, hedge, or probe of an open circuit.",
		}, []string{"service_name", "outcome", "attempt"}),
		durations: prometheus.NewHistogramVec(telemetry.Durations("upstream_attempt_duration_seconds",
			"How long attempts of calls to a service took, body included, by service and kind of attempt."),
			[]string{"service_name", "attempt"}),
		inFlight: gauge("upstream_in_flight", "Requests to a service in flight."),
		queue:    gauge("upstream_queue_length", "Calls to a service that wait for a slot of its bulkhead."),
		breaker:  gauge("upstream_breaker_state", "State of a service's circuit breaker: 0 closed, 1 half-open (the next calls are probes), 2 open (no calls, only probes at intervals)."),
		budget:   gauge("upstream_retry_budget", "Retries and hedges of calls to a service that the retry budget allows now."),
	}
	m.writes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "upstream_writes_total",
		Help: "Writes to a service, by service and outcome: executed, not_executed (certainly not) or unknown (failed, and may have been executed).",
	}, []string{"service_name", "outcome"})
	reg.MustRegister(m.writes, m.errors, m.calls, m.attempts, m.durations, m.inFlight, m.queue, m.breaker, m.budget)
	return m
}

// figures are the metrics of one service.
type figures struct {
	service                          string
	errors                           *telemetry.SeriesCache[fault.Kind, prometheus.Counter]
	calls                            *telemetry.SeriesCache[string, prometheus.Observer] // by outcome
	writes                           *telemetry.SeriesCache[string, prometheus.Counter]  // by outcome
	attempts                         *telemetry.SeriesCache[attempted, prometheus.Counter]
	durations                        *telemetry.SeriesCache[string, prometheus.Observer] // by kind of attempt
	inFlight, queue, breaker, budget prometheus.Gauge
}

type attempted struct{ outcome, kind string }

func (m *Metrics) of(service string) *figures {
	f := &figures{
		service: service,
		errors: telemetry.NewSeriesCache(func(kind fault.Kind) prometheus.Counter {
			return m.errors.WithLabelValues(service, kind.Code())
		}),
		calls: telemetry.NewSeriesCache(func(outcome string) prometheus.Observer { return m.calls.WithLabelValues(service, outcome) }),
		attempts: telemetry.NewSeriesCache(func(a attempted) prometheus.Counter {
			return m.attempts.WithLabelValues(service, a.outcome, a.kind)
		}),
		durations: telemetry.NewSeriesCache(func(kind string) prometheus.Observer { return m.durations.WithLabelValues(service, kind) }),
		writes:    telemetry.NewSeriesCache(func(outcome string) prometheus.Counter { return m.writes.WithLabelValues(service, outcome) }),
		inFlight:  m.inFlight.WithLabelValues(service),
		queue:     m.queue.WithLabelValues(service),
		breaker:   m.breaker.WithLabelValues(service),
		budget:    m.budget.WithLabelValues(service),
	}
	for _, outcome := range []string{executed, string(fault.NotExecuted), string(fault.OutcomeUnknown)} {
		f.writes.Get(outcome) // so that its first increase is seen
	}
	return f
}

func (f *figures) failed(kind fault.Kind) { f.errors.Get(kind).Inc() }

func (f *figures) attempted(ctx context.Context, outcome string, took time.Duration) {
	kind := kindOf(ctx)
	f.attempts.Get(attempted{outcome, kind}).Inc()
	telemetry.Observe(ctx, f.durations.Get(kind), took)
}

// measure records the duration and the outcome of each call.
func measure(f *figures, next roundTrip) roundTrip {
	return func(r *http.Request) reply {
		start := time.Now()
		r, span := f.startCall(r)
		got := next(r)
		took := time.Since(start)
		out := outcome(r.Context(), got.err)
		if d := deliveryOf(r.Context()); d != nil {
			if concernsClients(got.status) {
				out = refused
			}
			written := executed
			if got.err != nil {
				written = string(d.outcome(got))
			}
			span.String(tracing.Written, written)
		}
		if failed, ok := failure(got.err); ok && out != canceled {
			f.failed(failed.Kind)
		}
		telemetry.Observe(r.Context(), f.calls.Get(out), took)
		f.endCall(span, out)
		return got
	}
}

// canceled is the outcome of a call whose client disconnected. It says nothing about
// the service.
const canceled = "canceled"

const outcomeOK = "ok"

// refused is the outcome of a write that the service refuses for a reason which concerns its
// client, such as input that is not valid. It is no failure of the service.
const refused = "refused"

// failure returns the failure that the error of a reply is. A page in place of a resource is none:
// only the caller can tell "not found" from a proxy without a route.
func failure(err error) (*fault.Error, bool) {
	f, failed := errors.AsType[*fault.Error](err)
	return f, failed && !errors.Is(f, fault.ErrNotFoundPage)
}

// outcome returns the label value of the error of a reply.
func outcome(ctx context.Context, err error) string {
	f, failed := failure(err)
	switch {
	case !failed:
		return outcomeOK
	case errors.Is(context.Cause(ctx), context.Canceled):
		return canceled
	}
	return f.Kind.Reason()
}
