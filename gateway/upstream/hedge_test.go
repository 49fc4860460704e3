package upstream_test

import (
	"testing"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// The number of calls from which hedging learns its delay, and how long each takes.
const (
	learnt = 60
	usual  = 10 * time.Millisecond
)

// hedged returns a client that has learned its hedging delay, over an upstream that
// behaves like next from then on. The test mostly waits, so it runs in parallel.
func hedged(t *testing.T, change func(*upstream.Config), next ...faultyupstream.Behaviour) *client {
	t.Helper()
	t.Parallel()
	cfg := once
	cfg.HedgeQuantile, cfg.RetryBudget = .9, 1
	if change != nil {
		change(&cfg)
	}
	c := over(t, cfg, faultyupstream.Always(faultyupstream.Late(usual, well)))
	// These calls may be hedged, and the hedges arrive later: they have their own path.
	for range learnt {
		if _, err := c.Get(t.Context(), "/lessons"); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "nothing is under way", func() bool { return c.value("upstream_in_flight") == 0 })
	c.up.SetScript(func(n int) faultyupstream.Behaviour { return next[min(n, len(next)-1)] })
	return c
}

func TestHedge_SlowAttempt(t *testing.T) {
	c := hedged(t, nil, faultyupstream.Stall(""), well)
	before := c.value("upstream_attempts_total", "attempt", "hedge", "outcome", "ok")
	_, idle := c.up.Connections()
	if got := c.get(t.Context()); got != "ok" || c.attempts() != 2 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
	if n := c.value("upstream_attempts_total", "attempt", "hedge", "outcome", "ok"); n != before+1 {
		t.Errorf("%v hedges counted", n-before)
	}
	until(t, "the loser's connection is closed", func() bool { _, open := c.up.Connections(); return open <= idle && c.value("upstream_in_flight") == 0 })
}

func TestHedge_RepeatsBody(t *testing.T) {
	c := hedged(t, nil, faultyupstream.Stall(""), well)
	if _, err := c.Query(t.Context(), []string{"a"}, "/things/batch"); err != nil {
		t.Error(err)
	}
	for _, r := range c.up.Requests() {
		if r.Path == "/things/batch" && r.Body != `["a"]` {
			t.Errorf("asked %q", r.Body)
		}
	}
}

func TestHedge_FirstAttemptWins(t *testing.T) {
	c := hedged(t, nil, faultyupstream.Late(time.Second, well), faultyupstream.Answer(500, ""))
	if got := c.get(t.Context()); got != "ok" || c.attempts() != 2 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}

func TestHedge_BothFail(t *testing.T) {
	c := hedged(t, nil, faultyupstream.Late(time.Second, faultyupstream.Answer(500, "")), faultyupstream.Answer(502, ""))
	if got := c.get(t.Context()); got != "unavailable" || c.attempts() != 2 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}

func TestHedge_UsesRetryBudget(t *testing.T) {
	c := hedged(t, func(cfg *upstream.Config) {
		cfg.RetryBudget, cfg.Timeout = 0, time.Second
	}, faultyupstream.Stall(""))
	if got := c.get(t.Context()); got != "timeout" || c.attempts() > 1 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}

func TestHedge_OffByDefault(t *testing.T) {
	c := hedged(t, func(cfg *upstream.Config) {
		cfg.HedgeQuantile, cfg.Timeout = 0, time.Second
	}, faultyupstream.Stall(""))
	if got := c.get(t.Context()); got != "timeout" || c.attempts() > 1 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}

func TestHedge_ThenRetry(t *testing.T) {
	c := hedged(t, func(cfg *upstream.Config) { cfg.Retries = 1 }, faultyupstream.Late(time.Second, faultyupstream.CloseWithoutResponse()), faultyupstream.CloseWithoutResponse(), well)
	if got := c.get(t.Context()); got != "ok" || c.attempts() < 3 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}

// A fast failure is retried with backoff. A hedge would be a retry without it.
func TestHedge_FastFailure(t *testing.T) {
	c := hedged(t, nil, faultyupstream.Answer(500, ""), well)
	for range 10 { // one may be slow on a busy machine
		if c.get(t.Context()) == "unavailable" && c.attempts() == 1 {
			return
		}
		c.up.SetScript(faultyupstream.First(1, faultyupstream.Answer(500, ""), well))
	}
	t.Error("each was hedged")
}
