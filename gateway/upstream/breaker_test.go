package upstream_test

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"sync"
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

func TestAServiceThatFailsIsLeftAlone(t *testing.T) {
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

func TestAServiceThatIsNotThereIsLeftAlone(t *testing.T) {
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

func TestFewFailuresAmongManyCallsOpenNothing(t *testing.T) {
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

func TestWhatARetryMendsIsNoFailure(t *testing.T) {
	cfg := guarded(time.Hour)
	cfg.Retries, cfg.RetryBudget = 1, 1
	c := over(t, cfg, faultyupstream.Flapping(1, faultyupstream.Answer(500, ""), well))
	if got := c.times(30, t.Context()); got["ok"] != 30 || c.circuit() != closed || c.attempts() != 60 {
		t.Errorf("got %v by %d requests, state %v", got, c.attempts(), c.circuit())
	}
}

func TestAClientThatLeavesSaysNothingAboutTheService(t *testing.T) {
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

// A missed deadline counts as a failure only if the service had a fair share of the time.
func TestADeadlineIsTheServicesFaultIfItHadTime(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		want    float64
	}{
		"it had hardly any":      {time.Hour, closed},
		"it had a good part":     {40 * time.Millisecond, open},
		"not even an attempt is": {0, closed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := guarded(time.Hour)
			cfg.Timeout = 2 * c.timeout // of an attempt
			if c.timeout == 0 {
				cfg.Timeout, cfg.LeastTime = 40*time.Millisecond, time.Hour
			}
			things := over(t, cfg, faultyupstream.Always(faultyupstream.Stall("")))
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
				things.get(ctx)
				cancel()
			}
			if things.circuit() != c.want {
				t.Errorf("the circuit's state is %v, want %v", things.circuit(), c.want)
			}
		})
	}
}

func TestBreaker_LogsChanges(t *testing.T) {
	var text bytes.Buffer
	cfg := guarded(20 * time.Millisecond)
	cfg.Log = slog.New(slog.NewTextHandler(&text, nil))
	c := over(t, cfg, faultyupstream.Always(faultyupstream.Answer(500, "")))
	until(t, "the circuit is tried in vain", func() bool { c.get(t.Context()); return c.attempts() >= 20 })
	c.up.Follow(faultyupstream.Always(well))
	until(t, "the circuit closes", func() bool { c.get(t.Context()); return c.circuit() == closed })
	got := regexp.MustCompile(`(?m)^.*level=(.*)$`).ReplaceAllString(text.String(), "$1")
	if want := "WARN msg=\"circuit opened\" service=things\nINFO msg=\"circuit closed\" service=things\n"; got != want {
		t.Errorf("logged %s", text.String())
	}
}

func TestAServiceIsTriedWithFewCallsBeforeItGetsThemAll(t *testing.T) {
	c := over(t, guarded(50*time.Millisecond), faultyupstream.Always(faultyupstream.Answer(500, "")))
	c.times(10, t.Context())
	release := make(chan struct{})
	c.up.Follow(faultyupstream.Always(faultyupstream.Held(release, well)))

	var running sync.WaitGroup
	until(t, "the service is tried", func() bool {
		running.Go(func() { c.get(t.Context()) })
		return c.attempts() == 3
	})
	if more := c.times(20, t.Context()); more["circuit_open"] != 20 || c.attempts() != 3 || c.circuit() != halfOpen {
		t.Errorf("while it is tried: %v by %d requests, state %v", more, c.attempts(), c.circuit())
	}
	close(release)
	running.Wait()
	if all := c.times(20, t.Context()); all["ok"] != 20 || c.circuit() != closed {
		t.Errorf("when it works again: %v, state %v", all, c.circuit())
	}
}

func TestAProbeThatFailsOpensTheCircuitAgain(t *testing.T) {
	cfg := guarded(20 * time.Millisecond)
	cfg.Retries, cfg.RetryBudget = 2, 1 // but not for a probe
	c := over(t, cfg, faultyupstream.Always(faultyupstream.Answer(500, "")))
	c.times(10, t.Context())
	for range 3 {
		c.up.Follow(faultyupstream.Always(faultyupstream.Answer(500, "")))
		until(t, "the service is tried", func() bool { c.get(t.Context()); return c.attempts() > 0 })
		if c.attempts() != 1 || c.circuit() != open {
			t.Errorf("%d requests, state %v", c.attempts(), c.circuit())
		}
	}
	if n := c.value("upstream_attempts_total", "attempt", "probe"); n != 3 {
		t.Errorf("%v probes counted", n)
	}
}

// A probe whose client disconnects must return its permit.
func TestAProbeThatIsGivenUpDoesNotKeepTheCircuitHalfOpen(t *testing.T) {
	c := over(t, guarded(20*time.Millisecond), faultyupstream.Always(faultyupstream.Answer(500, "")))
	c.times(10, t.Context())
	c.up.Follow(faultyupstream.Always(faultyupstream.Stall("")))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	until(t, "the service is tried", func() bool {
		running.Go(func() { c.get(ctx) })
		return c.attempts() == 3
	})
	cancel()
	running.Wait()
	c.up.Follow(faultyupstream.Always(well))
	until(t, "the circuit is closed", func() bool { c.get(t.Context()); return c.circuit() == closed })
}

// Calls that started before the circuit opened and end while it is half-open say
// nothing about the service's present state.
func TestLateFailuresDoNotOpenTheCircuitAgain(t *testing.T) {
	const late = 5
	release := make(chan struct{})
	c := over(t, guarded(20*time.Millisecond), faultyupstream.First(late,
		faultyupstream.Held(release, faultyupstream.Answer(500, "")), faultyupstream.Answer(500, "")))
	var running sync.WaitGroup
	for range late {
		running.Go(func() { c.get(t.Context()) })
	}
	until(t, "the late ones are under way", func() bool { return c.attempts() == late })
	c.times(10, t.Context())
	hold := make(chan struct{})
	c.up.Follow(faultyupstream.Always(faultyupstream.Held(hold, well)))
	var probing sync.WaitGroup
	until(t, "the service is tried", func() bool {
		probing.Go(func() { c.get(t.Context()) })
		return c.attempts() == 3
	})
	close(release)
	running.Wait()
	if c.circuit() != halfOpen || c.times(5, t.Context())["circuit_open"] != 5 {
		t.Errorf("late failures made the state %v", c.circuit())
	}
	close(hold)
	probing.Wait()
	if c.circuit() != closed {
		t.Errorf("the circuit's state is %v", c.circuit())
	}
}

func TestAnOutageIsNotAmplified(t *testing.T) {
	for name, fault := range map[string]faultyupstream.Behaviour{"500": faultyupstream.Answer(500, ""), "a reset": faultyupstream.Reset()} {
		t.Run(name, func(t *testing.T) {
			cfg := guarded(time.Millisecond) // probes as fast as calls
			cfg.Retries, cfg.RetryBudget, cfg.Backoff, cfg.BackoffMax = 2, .1, time.Millisecond, time.Millisecond
			c := over(t, cfg, faultyupstream.Always(fault))
			const calls = 100
			c.times(calls, t.Context())
			if n := c.attempts(); n > calls*11/10 {
				t.Errorf("%d requests for %d calls", n, calls)
			}
		})
	}
}

func TestAPingMindsNoCircuitAndMovesNone(t *testing.T) {
	c := over(t, guarded(time.Hour), faultyupstream.Always(faultyupstream.Answer(500, "")))
	c.times(10, t.Context())
	if err := c.Ping(t.Context()); err != nil || c.circuit() != open {
		t.Errorf("with an open circuit: %v, state %v", err, c.circuit())
	}
	if c.value("upstream_attempts_total") != 10 || c.value("upstream_call_duration_seconds") != 10 {
		t.Error("a ping counts as a call")
	}

	c = over(t, guarded(time.Hour), faultyupstream.Always(well))
	c.up.Refuse()
	for range 30 {
		if err := c.Ping(t.Context()); reason(t, err) != "unavailable" {
			t.Errorf("got %v", err)
		}
	}
	c.up.Accept(t)
	if got := c.get(t.Context()); got != "ok" || c.circuit() != closed {
		t.Errorf("after pings that failed: %s, state %v", got, c.circuit())
	}
}
