package upstream_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
)

// defaults returns the default settings, without retries.
func defaults() upstream.Config {
	return upstream.Config{
		Timeout: 2 * time.Second, LeastTime: 5 * time.Millisecond, MaxBody: 1000, Concurrency: 256, Queue: 2048, QueueWait: 500 * time.Millisecond,
		BreakerRate: .5, BreakerCalls: 10, BreakerWindow: 10 * time.Second, BreakerDelay: time.Second,
	}
}

// scripted is a service on the clock of a bubble. It answers with the status that respond
// returns for a path, and hangs if that is 0.
type scripted struct {
	mu      sync.Mutex
	respond func(path string) int
	asked   map[string]int
}

func (s *scripted) follow(respond func(path string) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond = respond
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	status := s.respond(r.URL.Path)
	s.asked[r.Method+" "+r.URL.Path]++
	s.mu.Unlock()
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
}

// inBubble runs test with a client of a scripted service on a clock that is held.
func inBubble(t *testing.T, cfg upstream.Config, health string, test func(t *testing.T, c *client, s *scripted)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{asked: map[string]int{}}
		cfg.Faults = func(string, string, http.RoundTripper) http.RoundTripper { return s }
		reg := prometheus.NewRegistry()
		inner, err := upstream.ServiceConfig{URL: "http://things.example.com", Health: health}.NewClient("things", cfg, upstream.NewMetrics(reg))
		if err != nil {
			t.Fatal(err)
		}
		defer inner.Close()
		test(t, &client{inner, t, nil, reg}, s)
	})
}

// page makes calls of n things at the same time, as a request does, and returns how many
// have which outcome.
func (c *client) page(kind string, n int) map[string]int {
	var (
		mu   sync.Mutex
		all  sync.WaitGroup
		got  = map[string]int{}
		stop context.CancelFunc
		ctx  context.Context
	)
	ctx, stop = context.WithTimeout(c.t.Context(), 5*time.Second)
	defer stop()
	for i := range n {
		all.Go(func() {
			_, err := c.Get(ctx, "/"+kind+"/{id}", fmt.Sprint(i))
			mu.Lock()
			defer mu.Unlock()
			got[reason(c.t, err)]++
		})
	}
	all.Wait()
	return got
}

// Whatever its health check says, and whichever reads fail for ever, a service that works
// again is used within three seconds, and no call meets the open circuit from then on.
func TestCircuit_RecoversInTime(t *testing.T) {
	const works, hangs, broken = 200, 0, 500
	healths := map[string]struct {
		path         string
		during, then int // the outage
	}{
		"none":               {"", works, works},
		"like the service":   {"/up", broken, works},
		"hung in the outage": {"/up", hangs, works},
		"works always":       {"/up", works, works},
		"fails always":       {"/up", broken, broken},
		"hangs always":       {"/up", hangs, hangs},
		"unknown always":     {"/up", 404, 404},
	}
	for name, health := range healths {
		for _, outage := range []int{broken, hangs} {
			for _, bad := range []int{works, broken, hangs} {
				t.Run(fmt.Sprintf("health %s, outage %d, bad reads %d", name, outage, bad), func(t *testing.T) {
					t.Parallel()
					inBubble(t, defaults(), health.path, func(t *testing.T, c *client, s *scripted) {
						t.Helper()
						s.follow(func(path string) int {
							if path == "/up" {
								return health.during
							}
							return outage
						})
						c.page("good", 7)
						c.page("bad", 3) // the latest that fail are tried
						if c.circuit() == closed {
							t.Fatal("the circuit is closed")
						}
						time.Sleep(10 * time.Second)
						s.follow(func(path string) int {
							switch {
							case path == "/up":
								return health.then
							case strings.HasPrefix(path, "/bad/"):
								return bad
							}
							return works
						})
						time.Sleep(3 * time.Second)
						if quietly := bad == works || health.during != works && health.during != 404 && health.then == works; quietly && c.circuit() != closed {
							t.Errorf("without traffic the circuit's state is %v", c.circuit())
						}
						for range 3 {
							if got := c.page("good", 10); got["ok"] != 10 {
								t.Errorf("a page of ten: %v", got)
							}
						}
						if c.circuit() != closed {
							t.Errorf("the circuit's state is %v", c.circuit())
						}
					})
				})
			}
		}
	}
}

// The table of what a try says, docs/degradation.md.
func TestCircuit_AfterTries(t *testing.T) {
	const read, write = http.MethodGet, http.MethodPost
	for name, tt := range map[string]struct {
		fails         string // what the calls that failed were
		health        string
		during, after int     // the status of the health check when the circuit opens, and at the third try
		state         float64 // after the third try
		reads, writes int     // of ten calls that are let through then
	}{
		"a read fails, the health check has recovered": {read, "/up", 500, 200, closed, 10, 10},
		"a read fails, the health check works":         {read, "/up", 200, 200, open, 3, 3},
		"a read fails, the health check fails":         {read, "/up", 500, 500, open, 1, 0},
		"a read fails, there is no health check":       {read, "", 0, 0, open, 3, 0},
		"a write failed, the health check works":       {write, "/up", 200, 200, closed, 10, 10},
		"a write failed, the health check fails":       {write, "/up", 500, 500, open, 1, 0},
		"a write failed, there is no health check":     {write, "", 0, 0, halfOpen, 3, 1},
	} {
		for _, method := range []string{read, write} {
			inBubble(t, defaults(), tt.health, func(t *testing.T, c *client, s *scripted) {
				t.Helper()
				health := tt.during
				s.follow(func(path string) int {
					if path == "/up" {
						return health
					}
					return 500
				})
				call := func(method string, n int) (made int) {
					for i := range n {
						var err error
						if method == read {
							_, err = c.Get(t.Context(), "/things/{id}", fmt.Sprint(n+i))
						} else {
							err = c.Send(t.Context(), upstream.Write{Request: upstream.Request{Method: write, Path: "/things/new"}}, ignore)
						}
						if reason(t, err) == "unavailable" {
							made++
						}
					}
					return made
				}
				call(tt.fails, 20)
				time.Sleep(2500 * time.Millisecond) // two tries, each a second after the other, give or take a tenth
				s.mu.Lock()
				health = tt.after
				s.mu.Unlock()
				time.Sleep(time.Second)
				if c.circuit() != tt.state {
					t.Errorf("%s: the state is %v, want %v", name, c.circuit(), tt.state)
				}
				want := map[string]int{read: tt.reads, write: tt.writes}[method]
				if got := call(method, 10); got != want {
					t.Errorf("%s: %d of 10 calls of %s are made, want %d", name, got, method, want)
				}
			})
		}
	}
}

// Reads that fail for ever do not keep the circuit of a service open for ever.
func TestCircuit_DropsBadReads(t *testing.T) {
	for health, want := range map[string]float64{"": halfOpen, "/up": closed} {
		inBubble(t, defaults(), health, func(t *testing.T, c *client, s *scripted) {
			t.Helper()
			s.follow(func(path string) int {
				if path == "/up" {
					return 200
				}
				return 500
			})
			c.page("bad", 10)
			time.Sleep(30 * time.Second)
			if c.circuit() != open {
				t.Errorf("health check %q: after 30 s the state is %v", health, c.circuit())
			}
			time.Sleep(90 * time.Second)
			if c.circuit() != want {
				t.Errorf("health check %q: in the end the state is %v", health, c.circuit())
			}
		})
	}
}

// A service that stays away is asked little, however many call it, and never for a write.
func TestCircuit_SparesTheService(t *testing.T) {
	for _, health := range []string{"", "/up"} {
		for _, status := range []int{500, 0} {
			inBubble(t, defaults(), health, func(t *testing.T, c *client, s *scripted) {
				t.Helper()
				s.follow(func(string) int { return status })
				c.page("good", 10)
				s.mu.Lock()
				clear(s.asked)
				s.mu.Unlock()
				const rounds = 30
				for range rounds {
					time.Sleep(time.Second)
					go c.page("other", 50)
					_ = c.Send(t.Context(), upstream.Write{Request: upstream.Request{Method: http.MethodPost, Path: "/things/new"}}, ignore)
				}
				time.Sleep(10 * time.Second)
				s.mu.Lock()
				defer s.mu.Unlock()
				reads := 0
				for what, n := range s.asked {
					if strings.HasPrefix(what, "GET /good/") || strings.HasPrefix(what, "GET /other/") {
						reads += n
					}
				}
				most := rounds + 20 // by the gateway itself
				if health == "" {
					most += 3 * rounds
				} else {
					most += rounds / 3
				}
				if reads > most || s.asked["POST /things/new"] > 0 {
					t.Errorf("health check %q, status %d: %d reads, at most %d; all were %v", health, status, reads, most, s.asked)
				}
			})
		}
	}
}

// However many tries follow each other, a call waits for QueueWait at most, in the bulkhead
// and for the result of a try together.
func TestCircuit_BoundsTheWait(t *testing.T) {
	for _, concurrency := range []int{0, 1, 3} {
		cfg := defaults()
		cfg.Concurrency, cfg.BreakerDelay = concurrency, 130*time.Millisecond
		inBubble(t, cfg, "", func(t *testing.T, c *client, s *scripted) {
			t.Helper()
			s.follow(func(string) int { return 500 })
			c.page("good", 10)
			s.follow(func(string) int { return 0 })
			var all sync.WaitGroup
			for range 200 {
				time.Sleep(37 * time.Millisecond)
				all.Go(func() {
					start := time.Now()
					_, err := c.Get(t.Context(), "/good/{id}", "0")
					took := time.Since(start)
					if got := reason(t, err); got != "timeout" && took > cfg.QueueWait {
						t.Errorf("concurrency %d: %s after %v", concurrency, got, took)
					}
				})
			}
			all.Wait()
		})
	}
}

// A service that hung for longer than its tries may take is tried all the time.
func TestCircuit_TriesWhileItHangs(t *testing.T) {
	cfg := defaults()
	cfg.Timeout = 30 * time.Second
	inBubble(t, cfg, "/up", func(t *testing.T, c *client, s *scripted) {
		t.Helper()
		s.follow(func(string) int { return 0 })
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() { _, _ = c.Get(t.Context(), "/good/{id}", fmt.Sprint(i)) })
		}
		all.Wait()
		time.Sleep(25 * time.Second)
		s.follow(func(string) int { return 200 })
		time.Sleep(1200 * time.Millisecond)
		if c.circuit() != closed {
			t.Errorf("the circuit's state is %v", c.circuit())
		}
	})
}

// A circuit that is not closed makes its service unhealthy, also while calls are trials.
func TestPing_HalfOpen(t *testing.T) {
	inBubble(t, defaults(), "", func(t *testing.T, c *client, s *scripted) {
		t.Helper()
		s.follow(func(string) int { return 500 })
		before := c.CircuitEpoch()
		for range 10 {
			_ = c.Send(t.Context(), upstream.Write{Request: upstream.Request{Method: http.MethodPost, Path: "/things/new"}}, ignore)
		}
		time.Sleep(2 * time.Second)
		if err := c.Ping(t.Context()); c.circuit() != halfOpen || reason(t, err) != "circuit_open" || c.CircuitEpoch() == before {
			t.Errorf("state %v, health %v, epoch %d", c.circuit(), err, c.CircuitEpoch())
		}
	})
}
