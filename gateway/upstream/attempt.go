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
	probeAttempt = "probe" // the only one of a call that tries a half-open circuit
)

type attemptKey struct{}

// as is r as an attempt of a kind.
func as(ctx context.Context, r *http.Request, kind string) *http.Request {
	return r.WithContext(context.WithValue(ctx, attemptKey{}, kind))
}

// again is r once more, with a body of its own, as an attempt of a kind.
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

// errNoTime is the cause of an attempt that was not made because its answer
// could not have come in time. It says nothing about the service.
var errNoTime = errors.New("too little of the request's time is left to ask")

// attempt notes each request that is made, in the metrics and in the report of
// the operation, and makes none that cannot end in time.
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
		f.endAttempt(span, r, resp, out)
		return resp, err
	})
}
