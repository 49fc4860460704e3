package upstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// guarded returns a configuration whose breaker opens after 10 failures, for delay.
func guarded(delay time.Duration) upstream.Config {
	cfg := once
	cfg.BreakerRate, cfg.BreakerCalls, cfg.BreakerWindow, cfg.BreakerDelay = .5, 10, time.Minute, delay
	return cfg
}

// The states of the circuit, as values of the metric.
const (
	closed   = 0
	halfOpen = 1
	open     = 2
)

func (c *client) circuit() float64 {
	return c.value("upstream_breaker_state", "service_name", "things")
}

func (c *client) times(n int, ctx context.Context) map[string]int { //nolint:revive // reads as: times 20
	got := map[string]int{}
	for range n {
		got[c.get(ctx)]++
	}
	return got
}

func TestBreaker_OpensOnFailures(t *testing.T) {
	for name, fault := range faults {
		wants := open
		switch {
		case fault.want == "ok", fault.want == "invalid_response", name == "400", name == "404", name == "429":
			wants = closed // it answers
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := guarded(time.Hour)
			if fault.slow {
				cfg.Timeout = 20 * time.Millisecond
			}
			c := over(t, cfg, faultyupstream.Always(fault.behave))
			got := c.times(20, t.Context())
			if c.circuit() != float64(wants) {
				t.Errorf("the circuit's state is %v, want %v", c.circuit(), wants)
			}
			if wants == open && (c.attempts() > 10 || got["circuit_open"] != 10 || got[fault.want] != 10) {
				t.Errorf("got %v by %d requests", got, c.attempts())
			}
			if n := c.value("service_errors_total", "code", "CIRCUIT_OPEN"); wants == open && n != 10 {
				t.Errorf("%v refusals counted", n)
			}
			if wants == closed && c.attempts() != 20 {
				t.Errorf("got %v by %d requests", got, c.attempts())
			}
		})
	}
}

func TestBreaker_OpensOnRefusedConnections(t *testing.T) {
	gone := over(t, guarded(time.Hour), faultyupstream.Always(well))
	gone.up.Refuse()
	if got := gone.times(20, t.Context()); got["unavailable"] != 10 || got["circuit_open"] != 10 {
		t.Errorf("refused: %v", got)
	}
	reg := prometheus.NewRegistry()
	up, err := upstream.NewClient("things", "http://no..such.example.com", guarded(time.Hour), upstream.NewMetrics(reg))
	if err != nil {
		t.Fatal(err)
	}
	nameless := &client{up, t, gone.up, reg}
	if got := nameless.times(20, t.Context()); got["unavailable"] != 10 || got["circuit_open"] != 10 {
		t.Errorf("no such host: %v", got)
	}
}

func TestBreaker_FewFailures(t *testing.T) {
	c := over(t, guarded(time.Hour), func(n int) faultyupstream.Behaviour {
		if n%5 == 4 {
			return faultyupstream.Answer(500, "")
		}
		return well
	})
	if got := c.times(50, t.Context()); got["ok"] != 40 || c.circuit() != closed {
		t.Errorf("got %v, state %v", got, c.circuit())
	}
}

func TestBreaker_RetrySucceeds(t *testing.T) {
	cfg := guarded(time.Hour)
	cfg.Retries, cfg.RetryBudget = 1, 1
	c := over(t, cfg, faultyupstream.Flapping(1, faultyupstream.Answer(500, ""), well))
	if got := c.times(30, t.Context()); got["ok"] != 30 || c.circuit() != closed || c.attempts() != 60 {
		t.Errorf("got %v by %d requests, state %v", got, c.attempts(), c.circuit())
	}
}

func TestBreaker_IgnoresClientGone(t *testing.T) {
	t.Parallel()
	cfg := guarded(time.Hour)
	cfg.Timeout = 4 * time.Second
	c := over(t, cfg, faultyupstream.Always(faultyupstream.Stall("")))
	ctx, cancel := context.WithCancel(t.Context())
	got := c.begin(ctx, 20)
	until(t, "the calls are under way", func() bool { return c.attempts() == 20 })
	time.AfterFunc(1500*time.Millisecond, cancel) // not even when the service had time enough
	for range 20 {
		<-got
	}
	if n := c.value("upstream_call_duration_seconds", "outcome", "canceled"); n != 20 || c.circuit() != closed {
		t.Errorf("%v calls canceled, state %v", n, c.circuit())
	}
}

// A timeout counts if the attempt had all the time that the settings allow it, and not if
// the client had set a shorter deadline.
func TestBreaker_CountsTimeouts(t *testing.T) {
	t.Parallel()
	hang := faultyupstream.Stall("")
	for name, tt := range map[string]struct {
		attempt, request, caller time.Duration
		behave                   faultyupstream.Behaviour
		want                     float64
	}{
		"an attempt's time is over":            {20 * time.Millisecond, 0, time.Minute, hang, open},
		"an attempt's time, within the body":   {20 * time.Millisecond, 0, time.Minute, faultyupstream.Stall(faultyupstream.Head()), open},
		"a request's time limits an attempt's": {time.Hour, 30 * time.Millisecond, time.Minute, hang, open},
		"a caller in a hurry":                  {time.Hour, 0, 30 * time.Millisecond, hang, closed},
		"a caller in a hurry, within the body": {time.Hour, 0, 30 * time.Millisecond, faultyupstream.Stall(faultyupstream.Head()), closed},
		"a caller with most of the time":       {100 * time.Millisecond, 0, 60 * time.Millisecond, faultyupstream.Late(80*time.Millisecond, well), closed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := guarded(time.Hour)
			cfg.Timeout, cfg.RequestTimeout = tt.attempt, tt.request
			things := over(t, cfg, faultyupstream.Always(tt.behave))
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), tt.caller)
				things.get(ctx)
				cancel()
			}
			if things.circuit() != tt.want {
				t.Errorf("the circuit's state is %v, want %v", things.circuit(), tt.want)
			}
		})
	}
	t.Run("no attempt is made", func(t *testing.T) {
		t.Parallel()
		cfg := guarded(time.Hour)
		cfg.LeastTime = time.Hour
		things := over(t, cfg, faultyupstream.Always(well))
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			things.get(ctx)
			cancel()
		}
		if things.circuit() != closed || things.attempts() != 0 {
			t.Errorf("the circuit's state is %v after %d attempts", things.circuit(), things.attempts())
		}
	})
}

// Tries are no retries: however many calls there are, only so many reach the service.
func TestBreaker_DoesNotAmplify(t *testing.T) {
	for name, fault := range map[string]faultyupstream.Behaviour{"500": faultyupstream.Answer(500, ""), "a reset": faultyupstream.Reset()} {
		t.Run(name, func(t *testing.T) {
			cfg := guarded(time.Hour)
			cfg.Retries, cfg.RetryBudget, cfg.Backoff, cfg.BackoffMax = 2, .1, time.Millisecond, time.Millisecond
			c := over(t, cfg, faultyupstream.Always(fault))
			c.times(100, t.Context())
			if n := c.attempts(); n > 10+1+5 { // the reserve of the retry budget
				t.Errorf("%d requests for 100 calls", n)
			}
		})
	}
}
