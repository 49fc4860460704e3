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
func attempt(cfg Config, f *figures, next roundTrip) roundTrip {
	return func(r *http.Request) reply {
		ctx := r.Context()
		if err := context.Cause(ctx); err != nil {
			return noReply(f.service, err)
		}
		if !leaves(ctx, cfg.LeastTime) {
			return noReply(f.service, fault.New(fault.Timeout, f.service, errNoTime))
		}
		f.inFlight.Inc()
		defer f.inFlight.Dec()
		r, span := f.startAttempt(r)
		start, ended := time.Now(), report.From(ctx).Calling(f.service)
		got := next(r)
		took := time.Since(start)
		ended()
		out := outcome(ctx, got.err)
		f.attempted(r.Context(), out, took)
		if cfg.ShowExchanges && span.IsRecording() {
			showExchange(span, r, got)
		}
		f.endAttempt(span, r, got, out)
		return got
	}
}
