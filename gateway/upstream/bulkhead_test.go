package upstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// narrow returns a configuration that allows two concurrent calls, and one that waits.
func narrow(wait time.Duration) upstream.Config {
	cfg := once
	cfg.Concurrency, cfg.Queue, cfg.QueueWait = 2, 1, wait
	return cfg
}

// begin starts n concurrent calls.
func (c *client) begin(ctx context.Context, n int) <-chan string {
	got := make(chan string, n)
	for range n {
		go func() { got <- c.get(ctx) }()
	}
	return got
}

// filled returns a client with two calls in flight until release is closed.
func filled(t *testing.T, cfg upstream.Config) (c *client, got <-chan string, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	c = over(t, cfg, faultyupstream.Always(faultyupstream.BlockUntil(release, well)))
	got = c.begin(t.Context(), 2)
	until(t, "two calls are under way", func() bool { return c.attempts() == 2 })
	return c, got, release
}

func TestBulkhead_LimitAndQueue(t *testing.T) {
	c, got, release := filled(t, narrow(time.Minute))
	third := c.begin(t.Context(), 1)
	until(t, "the third waits", func() bool { return c.value("upstream_queue_length") == 1 })
	for range 5 {
		if fourth := c.get(t.Context()); fourth != "overloaded" {
			t.Errorf("the fourth is %s", fourth)
		}
	}
	if c.attempts() != 2 || c.value("upstream_in_flight") != 2 {
		t.Errorf("%d requests, %v under way", c.attempts(), c.value("upstream_in_flight"))
	}
	close(release)
	for _, ch := range []<-chan string{got, got, third} {
		if g := <-ch; g != "ok" {
			t.Errorf("one that was let in is %s", g)
		}
	}
	if c.attempts() != 3 || c.value("upstream_queue_length") != 0 || c.value("upstream_in_flight") != 0 {
		t.Errorf("%d requests in the end", c.attempts())
	}
	if n := c.value("service_errors_total", "code", "OVERLOADED"); n != 5 {
		t.Errorf("%v refusals counted", n)
	}
}

func TestBulkhead_WaitIsBounded(t *testing.T) {
	const wait = 20 * time.Millisecond
	c, got, release := filled(t, narrow(wait))
	start := time.Now()
	third := c.get(t.Context())
	if took := time.Since(start); third != "overloaded" || took < wait || took > wait+3*time.Second { // the machine may be busy
		t.Errorf("the third is %s after %v", third, took)
	}
	close(release)
	<-got
	<-got
	if again := c.get(t.Context()); again != "ok" {
		t.Errorf("when there is room again: %s", again)
	}
}

func TestBulkhead_CanceledWaiter(t *testing.T) {
	c, got, release := filled(t, narrow(time.Minute))
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		waiting := c.begin(ctx, 1)
		until(t, "it waits", func() bool { return c.value("upstream_queue_length") == 1 })
		cancel()
		<-waiting
	}
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if g := c.get(late); g != "timeout" {
		t.Errorf("one whose deadline passes is %s", g)
	}
	close(release)
	<-got
	<-got
	if all := c.times(10, t.Context()); all["ok"] != 10 || c.attempts() != 12 {
		t.Errorf("afterwards %v by %d requests", all, c.attempts())
	}
}

func TestBulkhead_HealthCheckPasses(t *testing.T) {
	c, _, release := filled(t, narrow(time.Minute))
	defer close(release)
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestBulkhead_PerService(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := upstream.NewMetrics(reg)
	release := make(chan struct{})
	defer close(release)
	slow := faultyupstream.New(t, faultyupstream.Always(faultyupstream.BlockUntil(release, well)))
	fast := faultyupstream.New(t, faultyupstream.Always(well))
	of := func(service string, up *faultyupstream.Server) *client {
		c, err := upstream.NewClient(service, up.URL(), narrow(0), m)
		if err != nil {
			t.Fatal(err)
		}
		return &client{c, t, up, reg}
	}
	things, others := of("things", slow), of("others", fast)
	things.begin(t.Context(), 2)
	until(t, "the slow service is full", func() bool { return things.attempts() == 2 })
	if got := things.get(t.Context()); got != "overloaded" {
		t.Errorf("the slow service is %s", got)
	}
	if got := others.times(20, t.Context()); got["ok"] != 20 {
		t.Errorf("the other one is %v", got)
	}
}

// Rejections by the bulkhead do not open the circuit.
func TestBulkhead_NoEffectOnBreaker(t *testing.T) {
	cfg := narrow(0)
	cfg.Queue = 0
	cfg.BreakerRate, cfg.BreakerCalls, cfg.BreakerWindow, cfg.BreakerDelay = .5, 10, time.Minute, time.Hour
	c, _, release := filled(t, cfg)
	defer close(release)
	if got := c.times(30, t.Context()); got["overloaded"] != 30 || c.circuit() != closed {
		t.Errorf("got %v, state %v", got, c.circuit())
	}
}
