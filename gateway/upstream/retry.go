package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tributary/gateway/fault"
)

// retry retries repeatable calls that failed in a retryable way, with backoff, as long
// as budget and deadline allow.
func retry(cfg Config, paid *budget, next roundTrip) roundTrip {
	if cfg.Retries == 0 && cfg.HedgeQuantile == 0 {
		return next // nothing spends the budget, so it needs no credit
	}
	return (&retrier{cfg, paid, next}).roundTrip
}

type retrier struct {
	cfg  Config
	paid *budget
	next roundTrip
}

func (p *retrier) roundTrip(r *http.Request) reply {
	ctx := r.Context()
	if d := deliveryOf(ctx); d != nil {
		return p.resend(d, r)
	}
	p.paid.earn()
	got := p.next(r)
	for n := range p.cfg.Retries {
		if !repeatable(r) || !got.retryable() || !p.wait(ctx, p.delay(n, got), p.least(got), p.paid.spend) {
			break
		}
		once, err := again(ctx, r, retryAttempt)
		if err != nil {
			break
		}
		got = p.next(once)
	}
	return got
}

// least is the time that must be left for another attempt. After a timeout it is that
// of a whole attempt: otherwise a service that hangs would use up all of a request's
// time, and its calls to other services would fail as well.
func (p *retrier) least(got reply) time.Duration {
	if f, failed := errors.AsType[*fault.Error](got.err); failed && f.Kind == fault.Timeout {
		return p.cfg.Timeout
	}
	return p.cfg.LeastTime
}

// wait waits for delay and reports whether to make another attempt. It returns false
// immediately if less than least would be left afterwards, if delay is longer than an
// attempt may take, or if it is not paid for.
func (p *retrier) wait(ctx context.Context, delay, least time.Duration, pay func() bool) bool {
	if !leaves(ctx, delay+least) || delay > p.cfg.Timeout || !pay() {
		return false
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// delay returns how long to wait before retry n, counted from 0: a random time up to an
// exponential bound ("full jitter"), so that callers that failed at the same time do
// not retry at the same time, added to the service's Retry-After.
func (p *retrier) delay(n int, got reply) time.Duration {
	bound := min(p.cfg.Backoff, p.cfg.BackoffMax)
	for range n {
		bound = min(2*bound, p.cfg.BackoffMax)
	}
	return retryAfter(got.header) + rand.N(bound+1) //nolint:gosec // G404: it is no secret
}

// forever is longer than any deadline, and small enough that adding to it cannot
// overflow.
const forever = 24 * time.Hour

// retryAfter returns a response's Retry-After, in seconds or as a date (RFC 9110,
// section 10.2.3), at most forever; 0 if it is missing or invalid.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if isDigits(value) {
		seconds, err := strconv.ParseUint(value, 10, 31)
		if err != nil { // out of range, which is no reason to come back at once
			return forever
		}
		return min(forever, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(forever, max(0, time.Until(at)))
	}
	return 0
}

// isDigits reports whether text is a number as delay-seconds has it: digits of any count.
func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
