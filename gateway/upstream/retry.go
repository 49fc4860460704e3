package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"tributary/gateway/fault"
)

// retry makes a repeatable call again when another attempt may have a better
// end, after a wait, as long as budget and deadline allow.
func retry(cfg Config, paid *budget, next http.RoundTripper) http.RoundTripper {
	if cfg.Retries == 0 && cfg.HedgeQuantile == 0 {
		return next // and nothing to pay for
	}
	return &retrier{cfg, paid, next}
}

type retrier struct {
	cfg  Config
	paid *budget
	next http.RoundTripper
}

func (p *retrier) RoundTrip(r *http.Request) (*http.Response, error) {
	p.paid.earn()
	ctx := r.Context()
	resp, err := p.next.RoundTrip(r)
	for n := range p.cfg.Retries {
		if !repeatable(r) || !retryable("", resp, err) || !p.wait(ctx, p.delay(n, resp), p.least(resp, err)) {
			break
		}
		once, e := again(ctx, r, retryAttempt)
		if e != nil {
			break
		}
		resp, err = p.next.RoundTrip(once)
	}
	return resp, err
}

// least is the time without which another attempt is not worth its while. A
// service that has just used up a whole attempt's time is asked again only when
// it can have as much once more: else a service that hangs would cost a request
// all of its time, and what else it asks for with it.
func (p *retrier) least(resp *http.Response, err error) time.Duration {
	if f, failed := errors.AsType[*fault.Error](verdict("", resp, err)); failed && f.Kind == fault.Timeout {
		return p.cfg.Timeout
	}
	return p.cfg.LeastTime
}

// wait waits, and tells whether another attempt is to be made. One that would
// not have the least time is not waited for.
func (p *retrier) wait(ctx context.Context, delay, least time.Duration) bool {
	if !leaves(ctx, delay+least) || delay > p.cfg.Timeout || !p.paid.spend() {
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

// delay is how long to wait before the nth retry, counted from 0: anything up
// to an exponential bound ("full jitter"), so that callers who failed together
// do not come back together; and at least as long as the service asks for.
func (p *retrier) delay(n int, resp *http.Response) time.Duration {
	bound := min(p.cfg.Backoff, p.cfg.BackoffMax)
	for range n {
		bound = min(2*bound, p.cfg.BackoffMax)
	}
	return retryAfter(resp) + rand.N(bound+1) //nolint:gosec // G404: nobody gains from guessing it
}

// forever is more than anybody waits, and little enough to add to.
const forever = 24 * time.Hour

// retryAfter is what an answer says in its Retry-After header, in seconds or
// as a date (RFC 9110, section 10.2.3); 0 when it says nothing, and never more
// than forever.
func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(forever, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(forever, max(0, time.Until(at)))
	}
	return 0
}
