package upstream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"tributary/gateway/fault"
)

// probeCalls is how many calls a service that failed too often gets at a time, and
// must answer, before it gets them all again.
const probeCalls = 3

// breaker asks a service that fails too often no more for a moment, and then
// with a few calls, until it answers them.
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
		WithJitterFactor(.2). // so that gateways which opened together do not probe together
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) { f.breaker.Set(stateValue(e.NewState)) }).
		Build()
	return b
}

type breakerPolicy struct {
	service string
	circuit circuitbreaker.CircuitBreaker[any]
	fair    time.Duration // the time that a service must have had to be blamed for a deadline
	next    http.RoundTripper
}

var errOpen = errors.New("the circuit is open")

func (b *breakerPolicy) RoundTrip(r *http.Request) (*http.Response, error) {
	if !b.circuit.TryAcquirePermit() {
		return nil, fault.New(fault.CircuitOpen, b.service, errOpen)
	}
	// Asked after the permit: a permit of a half-open circuit must not be lost,
	// or the circuit would never close.
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
	unknown judgement = iota // the call ended for a reason that is not the service's
	works
	fails
)

// record tells the circuit. A call that began before the circuit opened says
// nothing about the service as it is now; a probe that ended early has to be
// counted as something, and so counts as failed.
func (b *breakerPolicy) record(j judgement, probe bool) {
	switch {
	case !probe && (j == unknown || !b.circuit.IsClosed()):
	case j == works:
		b.circuit.RecordSuccess()
	default:
		b.circuit.RecordFailure()
	}
}

// judge tells what a call says about its service. One that answers works, even
// if it says no or makes no sense: to ask it less would mend nothing.
func (b *breakerPolicy) judge(ctx context.Context, resp *http.Response, err error, took time.Duration) judgement {
	if resp != nil && resp.StatusCode < 500 {
		return works
	}
	f, failed := errors.AsType[*fault.Error](verdict(b.service, resp, err))
	switch {
	case !failed, f.Kind == fault.InvalidResponse:
		return works
	case errors.Is(context.Cause(ctx), context.Canceled), errors.Is(err, errNoTime), f.Kind == fault.Internal:
		return unknown
	case ctx.Err() != nil && took < b.fair:
		return unknown // others had used the time up
	}
	return fails
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
