package upstream_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// faults are the ways in which a single response can fail, and the outcome of each.
// Slow ones end by a timeout, so they need a short one.
var faults = map[string]struct {
	behave faultyupstream.Behaviour
	want   string
	slow   bool
}{
	"a reset":                            {faultyupstream.Reset(), "unavailable", false},
	"a hangup":                           {faultyupstream.CloseWithoutResponse(), "unavailable", false},
	"a stall before the headers":         {faultyupstream.Stall(""), "timeout", true},
	"a stall within the headers":         {faultyupstream.Stall(faultyupstream.Head()[:30]), "timeout", true},
	"a stall after the headers":          {faultyupstream.Stall(faultyupstream.Head()), "timeout", true},
	"a stall within the body":            {faultyupstream.Stall(faultyupstream.Head() + `{"id":`), "timeout", true},
	"a slow drip":                        {faultyupstream.Drip(strings.Repeat("x", 900), 10*time.Millisecond), "timeout", true},
	"a truncated body":                   {faultyupstream.Truncated(`{"id":"t1"}`), "unavailable", false},
	"an announced body that is too long": {faultyupstream.HugeContentLength(1 << 26), "invalid_response", false},
	"an endless body":                    {faultyupstream.Endless(), "invalid_response", false},
	"a bomb":                             {faultyupstream.Bomb(1 << 24), "invalid_response", false},
	"what is not packed as it says":      {faultyupstream.Answer(200, `{"id":"t1"}`, "Content-Encoding: gzip"), "invalid_response", false},
	"what was packed, and damaged":       {faultyupstream.Answer(200, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xffdamaged", "Content-Encoding: gzip"), "invalid_response", false},
	"what is no HTTP":                    {faultyupstream.Garbage(), "unavailable", false},
	"a body longer than announced":       {faultyupstream.Overrun(`{}`), "ok", false},
	"a page":                             {faultyupstream.HTML(), "ok", false}, // fails when it is decoded
	"400":                                {faultyupstream.Answer(400, `{}`), "rejected", false},
	"404":                                {faultyupstream.Answer(404, `{}`), "not_found", false},
	"429":                                {faultyupstream.Answer(429, ``, "Retry-After: 3600"), "unavailable", false},
	"500":                                {faultyupstream.Answer(500, `boom`), "unavailable", false},
	"503 with Retry-After":               {faultyupstream.Answer(503, ``, "Retry-After: 3600"), "unavailable", false},
	"504":                                {faultyupstream.Answer(504, ``), "timeout", false},
}

func TestFaults_KindsAndCleanup(t *testing.T) {
	before := descriptors()
	t.Cleanup(func() { // after all faults
		until(t, "all connections are closed", func() bool { return descriptors() <= before+5 })
	})
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := once
			if fault.slow {
				cfg.Timeout = 100 * time.Millisecond
			}
			c := over(t, cfg, faultyupstream.Always(fault.behave))
			// The surplus bytes may be read as the response to the next call on the
			// connection, which net/http may then repeat.
			overrun := name == "a body longer than announced"
			const calls = 8
			got := make(chan string, calls)
			for range calls {
				go func() { got <- c.get(t.Context()) }()
			}
			for range calls {
				if g := <-got; g != fault.want && (!overrun || g != "unavailable") {
					t.Errorf("got %s, want %s", g, fault.want)
				}
			}
			// On a busy machine an attempt may time out before it is sent.
			if n := c.attempts(); n > calls && !overrun || n < calls && !fault.slow {
				t.Errorf("%d requests for %d calls", n, calls)
			}
			if fault.want != "ok" && fault.want != "not_found" && c.value("service_errors_total", "service_name", "things") != calls {
				t.Errorf("%v errors counted", c.value("service_errors_total"))
			}
			if n := c.value("upstream_in_flight"); n != 0 {
				t.Errorf("%v requests are under way for ever", n)
			}
		})
	}
}

// A dropped attempt closes its connection or returns it to the pool.
func TestFaults_NoOpenConnections(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := once
			cfg.Retries, cfg.RetryBudget = 2, 1
			if fault.slow {
				cfg.Timeout = 30 * time.Millisecond
			}
			c := over(t, cfg, faultyupstream.Always(fault.behave))
			for range 4 {
				c.get(t.Context())
			}
			until(t, "at most one connection is open", func() bool {
				_, open := c.up.Connections()
				return open <= 1
			})
		})
	}
}

func TestBreaker_RecoversAtOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := once
			if fault.slow {
				cfg.Timeout = time.Second
			}
			c := over(t, cfg, faultyupstream.First(1, fault.behave, faultyupstream.JSON(`{}`)))
			if got := c.get(t.Context()); got != fault.want {
				t.Errorf("got %s, want %s", got, fault.want)
			}
			if got := c.get(t.Context()); got != "ok" {
				t.Errorf("got %s of a service that is well", got)
			}
		})
	}
}

func TestFaults_ConnectionRefused(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.JSON(`{}`)))
	c.up.Refuse()
	if got := c.get(t.Context()); got != "unavailable" {
		t.Errorf("refused: %s", got)
	}
	if err := c.Ping(t.Context()); reason(t, err) != "unavailable" {
		t.Errorf("refused: %v", err)
	}
	c.up.Accept(t)
	if got := c.get(t.Context()); got != "ok" {
		t.Errorf("accepted again: %s", got)
	}
	// An invalid host name fails like an unknown one, without a DNS query.
	nowhere, err := upstream.NewClient("things", "http://no..such.example.com", once, upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nowhere.Get(t.Context(), ""); reason(t, err) != "unavailable" {
		t.Errorf("no such host: %v", err)
	}
}

func TestTimeout_PerService(t *testing.T) {
	cfg := once
	cfg.Overrides = upstream.Overrides{"things.timeout": "50ms", "others.timeout": "1h"}
	c := over(t, cfg, faultyupstream.Always(faultyupstream.Stall("")))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if got := c.get(ctx); got != "timeout" || ctx.Err() != nil {
		t.Errorf("got %s, %v", got, ctx.Err())
	}
}
