package upstream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// The kinds of attempt, as metrics name them.
const (
	firstAttempt = "first"
	retryAttempt = "retry"
	hedgeAttempt = "hedge"
	probeAttempt = "probe" // the only attempt of a call or a try while the circuit is not closed
)

type attemptKey struct{}

// as returns r marked as an attempt of a kind.
func as(ctx context.Context, r *http.Request, kind string) *http.Request {
	return r.WithContext(context.WithValue(ctx, attemptKey{}, kind))
}

// again returns a copy of r with a fresh body, marked as an attempt of a kind.
func again(ctx context.Context, r *http.Request, kind string) (*http.Request, error) {
	r = as(ctx, r, kind)
	if r.GetBody == nil {
		return r, nil
	}
	var err error
	r.Body, err = r.GetBody()
	return r, err
}

func kindOf(ctx context.Context) string {
	if kind, ok := ctx.Value(attemptKey{}).(string); ok {
		return kind
	}
	return firstAttempt
}

// errNoTime is the cause when an attempt was not made because too little time was
// left. It says nothing about the service's health.
var errNoTime = errors.New("the request's deadline is too close for a call")

// attempt records each request in the metrics, the trace and the operation's report. It
// sends none if less than LeastTime is left.
func attempt(cfg Config, f *figures, next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		ctx := r.Context()
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if !leaves(ctx, cfg.LeastTime) {
			return nil, fault.New(fault.Timeout, f.service, errNoTime)
		}
		f.inFlight.Inc()
		defer f.inFlight.Dec()
		r, span := f.startAttempt(r)
		start, ended := time.Now(), report.From(ctx).Calling(f.service)
		resp, err := next.RoundTrip(r)
		took := time.Since(start)
		ended()
		out := outcome(ctx, verdict(f.service, resp, err))
		f.attempted(r.Context(), out, took)
		if cfg.ShowExchanges && span.On() {
			showExchange(span, r, resp)
		}
		f.endAttempt(span, r, resp, out)
		return resp, err
	})
}
