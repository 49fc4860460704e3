package upstream_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// patient returns a configuration with retries and a sufficient budget.
func patient() upstream.Config {
	cfg := once
	cfg.Retries, cfg.RetryBudget = 2, 1
	cfg.Backoff, cfg.BackoffMax = time.Millisecond, 5*time.Millisecond
	return cfg
}

var well = faultyupstream.JSON(`{}`)

func TestRetry_ByFault(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		want, attempts := "ok", 2
		switch {
		case fault.want == "invalid_response", name == "404", name == "400":
			want, attempts = fault.want, 1 // the same request would get the same response
		case fault.want == "ok":
			attempts = 1
		case name == "429", name == "503 with Retry-After":
			want, attempts = fault.want, 1 // its Retry-After is too long
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := patient()
			if fault.slow {
				cfg.Timeout = time.Second
			}
			c := over(t, cfg, faultyupstream.First(1, fault.behave, well))
			if got := c.get(t.Context()); got != want || c.attempts() != attempts {
				t.Errorf("got %s by %d requests, want %s by %d", got, c.attempts(), want, attempts)
			}
		})
	}
}

func TestRetry_MaxAttempts(t *testing.T) {
	for _, c := range []struct {
		retries, failures, attempts int
		want                        string
	}{
		{0, 1, 1, "unavailable"}, {1, 1, 2, "ok"}, {1, 2, 2, "unavailable"}, {2, 2, 3, "ok"}, {2, 9, 3, "unavailable"}, {5, 5, 6, "ok"},
	} {
		cfg := patient()
		cfg.Retries = c.retries
		things := over(t, cfg, faultyupstream.First(c.failures, faultyupstream.Answer(500, ""), well))
		if got := things.get(t.Context()); got != c.want || things.attempts() != c.attempts {
			t.Errorf("%d retries, %d failures: %s by %d requests, want %s by %d", c.retries, c.failures, got, things.attempts(), c.want, c.attempts)
		}
		if n := things.value("upstream_attempts_total", "attempt", "retry"); int(n) != c.attempts-1 {
			t.Errorf("%v retries counted of %d", n, c.attempts-1)
		}
		if n := things.value("upstream_call_duration_seconds", "outcome", c.want); n != 1 {
			t.Errorf("%v calls counted as %s", n, c.want)
		}
	}
}

func TestRetry_RepeatsBody(t *testing.T) {
	for name, b := range map[string]faultyupstream.Behaviour{"500": faultyupstream.Answer(500, ""), "a hangup": faultyupstream.CloseWithoutResponse()} {
		c := over(t, patient(), faultyupstream.First(2, b, well))
		if _, err := c.Query(t.Context(), []string{"a", "b"}, "/things/batch"); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
		requests := c.up.Requests()
		if len(requests) != 3 {
			t.Errorf("after %s: %d requests", name, len(requests))
		}
		for _, r := range requests {
			if r.Method != http.MethodPost || r.Body != `["a","b"]` || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("asked %+v", r)
			}
		}
	}
}

func TestRetry_HonorsRetryAfter(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func() string{
		"seconds": func() string { return "1" },
		"a date":  func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) }, // whole seconds: one at least
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := over(t, patient(), faultyupstream.First(1, faultyupstream.Answer(503, "", "Retry-After: "+after()), well))
			if got := c.get(t.Context()); got != "ok" {
				t.Errorf("got %s", got)
			}
			if r := c.up.Requests(); len(r) != 2 || r[1].At.Sub(r[0].At) < 900*time.Millisecond {
				t.Errorf("the requests came at %v", r)
			}
		})
	}
}

func TestRetry_InvalidRetryAfter(t *testing.T) {
	for _, after := range []string{"soon", "-1", "+1", "1e3", "1.5", "", "Mon, 01 Jan 1990 00:00:00 GMT"} {
		c := over(t, patient(), faultyupstream.First(1, faultyupstream.Answer(503, "", "Retry-After: "+after), well))
		if got := c.get(t.Context()); got != "ok" {
			t.Errorf("Retry-After %q: %s", after, got)
		}
	}
}

func TestRetryAfter_LongerThanAnyRequest(t *testing.T) {
	for _, after := range []string{"86400", "2147483647", "2147483648", "4294967296", "9223372036854775808", "18446744073709551616", "99999999999999999999", "00000000000000000003600"} {
		c := over(t, patient(), faultyupstream.First(1, faultyupstream.Answer(503, "", "Retry-After: "+after), well))
		if got := c.get(t.Context()); got == "ok" || len(c.up.Requests()) != 1 {
			t.Errorf("Retry-After %q: %s after %d requests, want no retry", after, got, len(c.up.Requests()))
		}
	}
}

func TestRetry_WaitBeyondDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		after string
		have  time.Duration // 0 for no deadline
	}{
		"longer than the request has":   {"5", 4 * time.Second},
		"longer than we would wait":     {"11", 0},
		"until a date that is far away": {"Fri, 01 Jan 2100 00:00:00 GMT", 0},
		"until a date beyond all":       {"Fri, 01 Jan 9000 00:00:00 GMT", 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if c.have > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.have)
				defer cancel()
			}
			things := over(t, patient(), faultyupstream.First(1, faultyupstream.Answer(503, "", "Retry-After: "+c.after), well))
			if got := things.get(ctx); got != "unavailable" || things.attempts() != 1 || ctx.Err() != nil {
				t.Errorf("got %s by %d requests, %v", got, things.attempts(), ctx.Err())
			}
		})
	}
}

// Two attempts of one second fit into less than three; a third would use up the rest.
func TestRetry_HangingService(t *testing.T) {
	t.Parallel()
	cfg := patient()
	cfg.Timeout, cfg.Retries = time.Second, 5
	for name, b := range map[string]faultyupstream.Behaviour{
		"it hangs": faultyupstream.Stall(""), "it hangs within the body": faultyupstream.Stall(faultyupstream.Head()),
		"one behind it does": faultyupstream.Late(950*time.Millisecond, faultyupstream.Answer(504, "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2750*time.Millisecond)
			defer cancel()
			c := over(t, cfg, faultyupstream.Always(b))
			if got := c.get(ctx); got != "timeout" || c.attempts() > 2 || ctx.Err() != nil {
				t.Errorf("got %s by %d requests, %v", got, c.attempts(), ctx.Err())
			}
		})
	}
}

func TestRetry_ClientGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := over(t, patient(), faultyupstream.First(1, faultyupstream.Answer(503, "", "Retry-After: 9"), well))
	got := make(chan string)
	go func() { got <- c.get(ctx) }()
	until(t, "the first attempt has failed", func() bool { return c.value("upstream_attempts_total", "outcome", "unavailable") == 1 })
	cancel()
	<-got
	if c.attempts() != 1 {
		t.Errorf("%d requests", c.attempts())
	}
	if n := c.value("upstream_call_duration_seconds", "outcome", "canceled"); n != 1 {
		t.Errorf("%v calls counted as canceled", n)
	}
	if n := c.value("service_errors_total"); n != 0 {
		t.Errorf("%v errors of the service counted", n)
	}
}

func TestAttempt_EndsWithClient(t *testing.T) {
	for name, beginning := range map[string]string{"before the headers": "", "within the body": faultyupstream.Head() + `{"id":`} {
		ctx, cancel := context.WithCancel(t.Context())
		c := over(t, patient(), faultyupstream.Always(faultyupstream.Stall(beginning)))
		got := make(chan string)
		go func() { got <- c.get(ctx) }()
		until(t, "the attempt is under way", func() bool { return c.attempts() == 1 })
		cancel()
		<-got
		until(t, name+": its connection is closed", func() bool { _, open := c.up.Connections(); return open == 0 })
		if c.attempts() != 1 {
			t.Errorf("%s: %d requests", name, c.attempts())
		}
	}
}

func TestAttempt_NoTimeLeft(t *testing.T) {
	cfg := patient()
	cfg.LeastTime = time.Minute
	for name, have := range map[string]time.Duration{"too little time": 30 * time.Second, "no time": -time.Second} {
		ctx, cancel := context.WithTimeout(t.Context(), have)
		c := over(t, cfg, faultyupstream.Always(well))
		if got := c.get(ctx); got != "timeout" || c.attempts() != 0 {
			t.Errorf("%s: %s by %d requests", name, got, c.attempts())
		}
		cancel()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if got := over(t, cfg, faultyupstream.Always(well)).get(ctx); got != "ok" {
		t.Errorf("time enough: %s", got)
	}
}

func TestAttempt_EndsAtDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c := over(t, patient(), faultyupstream.Always(faultyupstream.Stall("")))
	if got := c.get(ctx); got != "timeout" || c.attempts() > 1 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}

func TestRetry_Budget(t *testing.T) {
	const calls, reserve = 300, 5
	for _, rate := range []float64{0, .1, .5} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			cfg := patient()
			cfg.RetryBudget = rate
			c := over(t, cfg, faultyupstream.Always(faultyupstream.Answer(500, "")))
			var clients sync.WaitGroup
			for range 4 {
				clients.Go(func() { c.times(calls/4, t.Context()) })
			}
			clients.Wait()
			bound := int(calls * (1 + rate))
			if rate > 0 {
				bound += reserve
			}
			if n := c.attempts(); n > bound || n < bound-5 {
				t.Errorf("%d requests for %d calls, want %d", n, calls, bound)
			}
			if n := c.value("upstream_retry_budget"); n >= 1 {
				t.Errorf("%v retries are left", n)
			}
			c.up.SetScript(faultyupstream.Always(well))
			for range 50 {
				c.get(t.Context())
			}
			if n, want := c.value("upstream_retry_budget"), min(50*rate, reserve); n < want-.01 {
				t.Errorf("%v retries are paid for by 50 good calls, want %v", n, want)
			}
		})
	}
}
