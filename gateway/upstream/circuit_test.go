package upstream_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// tried returns a configuration whose open circuit is tried every few milliseconds.
func tried() upstream.Config { return guarded(5 * time.Millisecond) }

// overService is [over] for a service with the health check /up, which is part of the
// script, or without one.
func overService(t *testing.T, cfg upstream.Config, service upstream.ServiceConfig, script faultyupstream.Script) *client {
	t.Helper()
	up := faultyupstream.New(t, script)
	reg := prometheus.NewRegistry()
	service.URL = up.URL()
	c, err := service.NewClient("things", cfg, upstream.NewMetrics(reg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &client{c, t, up, reg}
}

// byPath behaves by the path of a request, whose default is the behaviour of "".
func byPath(paths map[string]faultyupstream.Behaviour) faultyupstream.Script {
	return faultyupstream.Always(func(e *faultyupstream.Exchange) bool {
		if behave, ok := paths[e.Request.URL.Path]; ok {
			return behave(e)
		}
		return paths[""](e)
	})
}

// open makes calls until the circuit is open.
func (c *client) open(call func()) {
	c.t.Helper()
	for range 20 {
		call()
	}
	if c.circuit() == closed {
		c.t.Fatal("the circuit is closed still")
	}
}

var failing = faultyupstream.Answer(503, "")

func ignore([]byte) error { return nil }

// Whatever opened it, the circuit closes without traffic when the service works again, and
// then a page of calls loses none.
func TestCircuit_ClosesWithoutTraffic(t *testing.T) {
	get := func(c *client) { c.get(c.t.Context()) }
	query := func(c *client) { _, _ = c.Query(c.t.Context(), []int{1}, "/things/batch") }
	write := func(c *client) {
		_ = c.Send(c.t.Context(), upstream.Write{Request: upstream.Request{Method: http.MethodPost, Path: "/things/new", Body: []byte("{}")}}, ignore)
	}
	for name, tt := range map[string]struct {
		health  string
		fault   faultyupstream.Behaviour // of everything
		healed  map[string]faultyupstream.Behaviour
		call    func(*client)
		timeout time.Duration
	}{
		"by a read":                          {"", failing, nil, get, 0},
		"by a read that is a POST":           {"", failing, nil, query, 0},
		"by a read that is refused":          {"", failing, map[string]faultyupstream.Behaviour{"": faultyupstream.Answer(401, "{}")}, get, 0},
		"by a read without a health check":   {"/up", failing, map[string]faultyupstream.Behaviour{"": well, "/up": faultyupstream.Answer(404, "")}, get, 0},
		"by a read, the health check hangs":  {"/up", failing, map[string]faultyupstream.Behaviour{"": well, "/up": faultyupstream.Stall("")}, get, 0},
		"by the health check, after writes":  {"/up", failing, nil, write, 0},
		"after it hung":                      {"/up", faultyupstream.Stall(""), nil, get, 40 * time.Millisecond},
		"after it hung within the body":      {"", faultyupstream.Stall(faultyupstream.Head()), nil, get, 40 * time.Millisecond},
		"after it reset its connections":     {"/up", faultyupstream.Reset(), nil, get, 0},
		"after it spoke something else":      {"/up", faultyupstream.Garbage(), nil, get, 0},
		"after its answers broke off":        {"", faultyupstream.Truncated("{}"), nil, get, 0},
		"after writes and some reads failed": {"", failing, nil, func(c *client) { write(c); get(c) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := tried()
			if tt.timeout > 0 {
				cfg.Timeout = tt.timeout
			}
			c := overService(t, cfg, upstream.ServiceConfig{Health: tt.health}, faultyupstream.Always(tt.fault))
			c.open(func() { tt.call(c) })
			if err := c.Ping(t.Context()); err == nil {
				t.Error("it counts as healthy")
			}
			if tt.healed == nil {
				tt.healed = map[string]faultyupstream.Behaviour{"": well}
			}
			c.up.SetScript(byPath(tt.healed))
			until(t, "the circuit closes", func() bool { return c.circuit() == closed })
			if slices.ContainsFunc(c.up.Requests(), func(r faultyupstream.Request) bool { return r.Path == "/things/new" }) {
				t.Error("a write was tried")
			}
			page := c.begin(t.Context(), 10)
			for range 10 {
				if got := <-page; got == "circuit_open" {
					t.Errorf("a call of the page is %s", got)
				}
			}
		})
	}
	t.Run("after it was away", func(t *testing.T) {
		c := over(t, tried(), faultyupstream.Always(well))
		c.up.Refuse()
		c.open(func() { c.get(t.Context()) })
		c.up.Accept(t)
		until(t, "the circuit closes", func() bool { return c.circuit() == closed })
	})
}

// What the gateway tries by itself is the health check and reads that failed, each as it was
// but for what the client added.
func TestCircuit_TriesReadsOnly(t *testing.T) {
	cfg := tried()
	cfg.BreakerCalls = 24 // each of the calls below, twice
	c := overService(t, cfg, upstream.ServiceConfig{Health: "/up", Headers: "X-Key: ours"}, faultyupstream.Always(failing))
	ctx := upstream.Forward(t.Context(), func(_ string, h http.Header) {
		h.Set("Authorization", "Bearer theirs")
		h.Set("User-Agent", "theirs")
		h.Set("X-Key", "theirs")
	})
	write := func(method, key string) {
		r := upstream.Request{Method: method, Path: "/write/" + method, Body: []byte(`{"a":1}`)}
		_ = c.Send(ctx, upstream.Write{Request: r, Key: key}, ignore)
	}
	c.open(func() {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			write(method, "")
			write(method, "k")
		}
		write(http.MethodGet, "")
		_, _ = c.Get(ctx, "/read/{id}", "a/b")
		_, _ = c.Do(ctx, upstream.Request{Method: http.MethodGet, Path: "/read/query", Query: "a=b"})
		_, _ = c.Query(ctx, []int{7}, "/read/batch")
	})
	c.up.SetScript(faultyupstream.Always(failing))
	seen := map[string]faultyupstream.Request{}
	until(t, "each is tried", func() bool {
		for _, r := range c.up.Requests() {
			seen[r.Method+" "+r.Path+" "+r.Body] = r
		}
		return len(seen) == 4
	})
	want := []string{"GET /read/a%2Fb ", "GET /read/query ", "GET /up ", "POST /read/batch [7]"}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("tried %q, want %q", got, want)
	}
	for what, r := range seen {
		if r.Header.Get("Authorization") != "" || r.Header.Get("User-Agent") != "tributary" || r.Header.Get("X-Key") != "ours" {
			t.Errorf("%s was tried with %v", what, r.Header)
		}
	}
	until(t, "they are counted", func() bool { return c.value("upstream_attempts_total", "attempt", "probe") >= 3 })
}

// Calls that come while the service is tried wait for the result, for QueueWait at most.
func TestCircuit_CallsWaitForTheResult(t *testing.T) {
	opened := func(t *testing.T, wait time.Duration) (c *client, release chan struct{}) {
		t.Helper()
		cfg := tried()
		cfg.QueueWait = wait
		c = over(t, cfg, faultyupstream.Always(failing))
		until(t, "the circuit opens", func() bool { c.get(t.Context()); return c.circuit() == open })
		release = make(chan struct{})
		c.up.SetScript(faultyupstream.Always(faultyupstream.BlockUntil(release, well)))
		until(t, "it is tried", func() bool { return c.attempts() > 0 })
		return c, release
	}
	t.Run("and are made", func(t *testing.T) {
		c, release := opened(t, time.Minute)
		page := c.begin(t.Context(), 10)
		time.AfterFunc(20*time.Millisecond, func() { close(release) })
		for range 10 {
			if got := <-page; got != "ok" {
				t.Errorf("a call is %s", got)
			}
		}
	})
	t.Run("but not for long", func(t *testing.T) {
		c, release := opened(t, time.Millisecond)
		defer close(release)
		if got := c.get(t.Context()); got != "circuit_open" {
			t.Errorf("a call is %s", got)
		}
	})
	t.Run("nor for longer than their callers", func(t *testing.T) {
		c, release := opened(t, time.Hour)
		defer close(release)
		hasty, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if got := c.get(hasty); got != "circuit_open" {
			t.Errorf("a call whose deadline passes is %s", got)
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, leave)
		c.get(gone)
		if n := c.value("upstream_call_duration_seconds", "outcome", "canceled"); n != 1 {
			t.Errorf("%v calls are canceled", n)
		}
	})
}

// One read that always fails does not keep others from a service whose health check
// succeeds, and does not make the circuit flap.
func TestCircuit_SurvivesOneBadRead(t *testing.T) {
	var log safeBuffer
	cfg := tried()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	c := overService(t, cfg, upstream.ServiceConfig{Health: "/up"}, byPath(map[string]faultyupstream.Behaviour{"/bad": failing, "": well}))
	bad := func() { _, _ = c.Get(t.Context(), "/bad") }
	c.open(bad)
	for range 10 {
		n := c.value("upstream_attempts_total", "attempt", "probe")
		until(t, "it is tried", func() bool { bad(); return c.value("upstream_attempts_total", "attempt", "probe") > n })
		if err := c.Ping(t.Context()); reason(t, err) != "circuit_open" || strings.Contains(log.String(), "closed") {
			t.Fatalf("the health is %v, logged %s", err, &log)
		}
	}
	until(t, "another read is made", func() bool { return c.get(t.Context()) == "ok" })
	if c.circuit() != closed {
		t.Errorf("the circuit's state is %v", c.circuit())
	}
}

// Where nothing can be tried, the next calls are tries, few at a time.
func TestCircuit_TriesCalls(t *testing.T) {
	c := overService(t, tried(), upstream.ServiceConfig{}, faultyupstream.Always(failing))
	write := func() error {
		return c.Send(t.Context(), upstream.Write{Request: upstream.Request{Method: http.MethodPost, Path: "/things/new"}}, ignore)
	}
	c.open(func() { _ = write() })
	until(t, "the circuit is half-open", func() bool { return c.circuit() == halfOpen })
	if err := write(); reason(t, err) != "unavailable" || c.circuit() != open {
		t.Errorf("a try that fails: %v, state %v", err, c.circuit())
	}
	release := make(chan struct{})
	c.up.SetScript(faultyupstream.Always(faultyupstream.BlockUntil(release, well)))
	until(t, "the circuit is half-open", func() bool { return c.circuit() == halfOpen })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.get(ctx) })
	until(t, "a call is under way", func() bool { return c.attempts() > 0 })
	cancel() // which says nothing
	running.Wait()
	if c.circuit() == closed {
		t.Error("the circuit is closed by a call that was given up")
	}
	close(release)
	until(t, "a write is made", func() bool { return write() == nil })
	if c.circuit() != closed {
		t.Errorf("the circuit's state is %v", c.circuit())
	}
}

// Calls that began before the circuit opened say nothing about it when they end.
func TestCircuit_IgnoresLateFailures(t *testing.T) {
	const late = 15
	release := make(chan struct{})
	c := over(t, tried(), faultyupstream.First(late, faultyupstream.BlockUntil(release, failing), failing))
	calls := c.begin(t.Context(), late)
	until(t, "the late ones are under way", func() bool { return c.attempts() == late })
	c.open(func() { c.get(t.Context()) })
	c.up.SetScript(faultyupstream.Always(well))
	until(t, "the circuit closes", func() bool { return c.circuit() == closed })
	close(release)
	for range late {
		if got := <-calls; got != "unavailable" {
			t.Errorf("a late call is %s", got)
		}
	}
	if got := c.get(t.Context()); got != "ok" || c.circuit() != closed {
		t.Errorf("after late failures a call is %s, state %v", got, c.circuit())
	}
}

func TestCircuit_Logs(t *testing.T) {
	var log safeBuffer
	cfg := tried()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	c := over(t, cfg, faultyupstream.Always(failing))
	c.open(func() { c.get(t.Context()) })
	until(t, "it is tried in vain", func() bool { return c.attempts() > 20 })
	c.up.SetScript(faultyupstream.Always(well))
	until(t, "the circuit closes", func() bool { return strings.Contains(log.String(), "closed") })
	got := regexp.MustCompile(`(?m)^.*level=(.*)$`).ReplaceAllString(log.String(), "$1")
	got = regexp.MustCompile(`open_ms=\d+`).ReplaceAllString(got, "open_ms=N")
	if want := "WARN msg=\"circuit opened\" service=things reason=unavailable\n" +
		"INFO msg=\"circuit closed\" service=things reason=\"a read that had failed succeeded\" open_ms=N\n"; got != want {
		t.Errorf("logged %s", got)
	}
}

func TestClient_CloseEndsTries(t *testing.T) {
	c := over(t, tried(), faultyupstream.Always(failing))
	c.open(func() { c.get(t.Context()) })
	c.up.SetScript(faultyupstream.Always(faultyupstream.Stall("")))
	until(t, "it is tried", func() bool { return c.attempts() > 0 })
	c.Close()
	n := c.attempts()
	time.Sleep(30 * time.Millisecond)
	if more := c.attempts(); more > n {
		t.Errorf("%d tries afterwards", more-n)
	}
}

// safeBuffer is a buffer for concurrent use.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
