package upstream

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"tributary/gateway/fault"
)

// probeCalls is the number of concurrent probes through a half-open circuit, and how
// many must succeed to close it.
const probeCalls = 3

// breaker is a circuit breaker with a failure rate over a time window.
func breaker(cfg Config, f *figures, next http.RoundTripper) http.RoundTripper {
	if cfg.BreakerRate == 0 {
		return next
	}
	f.breaker.Set(float64(circuitbreaker.ClosedState))
	b := &breakerPolicy{service: f.service, fair: cfg.Timeout / 4, next: next}
	b.circuit = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(cfg.BreakerRate, cfg.BreakerCalls, cfg.BreakerWindow).
		WithSuccessThreshold(probeCalls).
		WithDelay(cfg.BreakerDelay).
		WithJitterFactor(.2). // so that gateways that opened at the same time do not probe at the same time
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			f.open.Store(e.NewState == circuitbreaker.OpenState)
			f.breaker.Set(stateValue(e.NewState))
			logCircuit(cfg.Log, f.service, e)
		}).
		Build()
	return b
}

type breakerPolicy struct {
	service string
	circuit circuitbreaker.CircuitBreaker[any]
	fair    time.Duration // a call that missed the request's deadline counts as failed if it had this long
	next    http.RoundTripper
}

var errOpen = errors.New("the circuit is open")

func (b *breakerPolicy) RoundTrip(r *http.Request) (*http.Response, error) {
	if !b.circuit.TryAcquirePermit() {
		return nil, fault.New(fault.CircuitOpen, b.service, errOpen)
	}
	// The state must be read after the permit is taken: acquiring one may have made
	// the circuit half-open, and a half-open circuit whose permits are not all
	// returned never closes.
	probe := !b.circuit.IsClosed()
	if probe {
		r = as(r.Context(), r, probeAttempt)
	}
	result := unknown
	defer func() { b.record(result, probe) }()
	start := time.Now()
	resp, err := b.next.RoundTrip(r)
	result = b.judge(r.Context(), resp, err, time.Since(start))
	return resp, err
}

type judgement int

const (
	unknown judgement = iota // the call ended for another reason than the service
	works
	fails
)

// record reports a call to the circuit. A call that started before the circuit opened
// says nothing about the service's present state and is ignored. A probe must be
// recorded to return its permit, so an unknown result counts as failed.
func (b *breakerPolicy) record(j judgement, probe bool) {
	switch {
	case !probe && (j == unknown || !b.circuit.IsClosed()):
	case j == works:
		b.circuit.RecordSuccess()
	default:
		b.circuit.RecordFailure()
	}
}

// judge returns what a call says about its service's health. A service that responds
// works, even if it rejects the request or the response is invalid: less load would
// not help.
func (b *breakerPolicy) judge(ctx context.Context, resp *http.Response, err error, took time.Duration) judgement {
	if resp != nil && resp.StatusCode < 500 {
		return works
	}
	f, failed := errors.AsType[*fault.Error](verdict(b.service, resp, err))
	switch {
	case !failed, f.Kind == fault.InvalidResponse:
		return works
	case errors.Is(context.Cause(ctx), context.Canceled), errors.Is(err, errNoTime), f.Kind == fault.Internal, f.Kind == fault.Overloaded:
		return unknown
	case ctx.Err() != nil && took < b.fair:
		return unknown // other calls had used up the request's time
	}
	return fails
}

// logCircuit logs that a circuit opens or closes. One that is tried and opens again has been
// open all the time.
func logCircuit(log *slog.Logger, service string, e circuitbreaker.StateChangedEvent) {
	switch {
	case e.NewState == circuitbreaker.OpenState && e.OldState == circuitbreaker.ClosedState:
		log.Warn("circuit opened", "service", service)
	case e.NewState == circuitbreaker.ClosedState:
		log.Info("circuit closed", "service", service)
	}
}

func stateValue(s circuitbreaker.State) float64 {
	switch s {
	case circuitbreaker.OpenState:
		return 2
	case circuitbreaker.HalfOpenState:
		return 1
	default:
		return 0
	}
}
