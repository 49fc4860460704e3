package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// errAttemptTimeout is the cause when an attempt took all the time that the settings allow
// it. Other deadlines are those of callers, who may be in a hurry: they say nothing about
// the service.
var errAttemptTimeout = fmt.Errorf("no complete response within upstream-timeout: %w", context.DeadlineExceeded)

// timeout limits an attempt, including its body, to d.
func timeout(d time.Duration, next roundTrip) roundTrip {
	return func(r *http.Request) reply {
		ctx, cancel := context.WithTimeoutCause(r.Context(), d, errAttemptTimeout)
		defer cancel() // next has read the body already
		return next(r.WithContext(ctx))
	}
}

// blamed returns the error of a request with its cause if that is the time limit of its attempt.
func blamed(ctx context.Context, err error) error {
	if timedOut(ctx) && !errors.Is(err, errAttemptTimeout) {
		return fmt.Errorf("%w: %w", errAttemptTimeout, err)
	}
	return err
}

// timedOut reports whether the context of an attempt ended because of its own time limit.
func timedOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errAttemptTimeout) }

// leaves reports whether at least d is left until the deadline of ctx.
func leaves(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || time.Until(deadline) >= d)
}
