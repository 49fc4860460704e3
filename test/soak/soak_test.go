// Package soak_test lets the gateway run under random faults.
package soak_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/upstreamtest"
	"tributary/services"
	"tributary/test/harness"
)

var soakTime = flag.Duration("soak", 8*time.Second, "how long the gateway runs under random faults; make soak gives it minutes")

// What the gateway may have at the end beyond what it had when it was warm.
const (
	moreGoroutines = 10
	moreFiles      = 10
	moreHeap       = 24 << 20 // a cache has filled meanwhile
)

// Under faults that come and go at random, with clients that leave at random and
// hostile ones, every answer makes sense and comes in time, nothing panics, the gateway is
// well as soon as its services are, and it ends with as many goroutines, files
// and bytes as it had when it was warm.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	s.load(time.Second, func() {})
	before := s.settled()
	s.load(*soakTime, s.breakSomething)
	s.heal()
	healed := time.Now()
	testkit.WaitFor(t, "the gateway", func() bool { return !s.degraded() })
	t.Logf("whole again %v after its services", time.Since(healed).Round(time.Millisecond))
	s.load(time.Second, func() {})

	var after usage
	testkit.WaitFor(t, "the gateway", func() bool {
		after = s.settled()
		return after.goroutines <= before.goroutines+moreGoroutines && after.files <= before.files+moreFiles &&
			after.heap <= before.heap+moreHeap ||
			time.Since(healed) > 9*time.Second
	})
	t.Logf("before: %+v; after: %+v", before, after)
	if after.goroutines > before.goroutines+moreGoroutines || after.files > before.files+moreFiles || after.heap > before.heap+moreHeap {
		t.Errorf("it has grown")
	}
	t.Logf("%d requests in %v: %d whole, %d degraded, %d shed or without anything, %d left by their clients; %d attacks",
		s.asked.Load(), *soakTime, s.whole.Load(), s.partial.Load(), s.none.Load(), s.left.Load(), s.attacked.Load())
	if s.partial.Load() == 0 || s.whole.Load() == 0 {
		t.Error("nothing was tried")
	}
}

type usage struct{ goroutines, files, heap int }

// soak is a gateway over three services that fail.
type soak struct {
	t                                 *testing.T
	gateway                           string
	services                          []*faultyupstream.Server
	network                           *network
	process                           int // of the gateway
	client                            *http.Client
	asked, whole, partial, none, left atomic.Int64
	attacked                          atomic.Int64
}

var builder harness.Builder

func TestMain(m *testing.M) {
	code := m.Run()
	builder.Close()
	os.Exit(code)
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{t: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	for range 3 {
		s.services = append(s.services, faultyupstream.New(t, faultyupstream.Always(wellBehaved)))
	}
	s.network = newNetwork(t, s.services[0].URL(), s.services[1].URL(), s.services[2].URL())
	addr := testkit.KeepAddr(t)
	s.gateway = "http://" + addr
	// With GOGC=100 the next collection is due at twice what the last one left.
	p := builder.Start(t, []string{"GOGC=100"}, io.Discard, append([]string{
		"gateway", "--addr", addr, "--drain-delay=0s", "--log-requests=1",
		"--request-timeout=1s", "--upstream-timeout=300ms", "--upstream-breaker-delay=200ms", "--upstream-max-body=65536",
		"--upstream-hedge-quantile=0.95", "--upstream-concurrency=16", "--upstream-queue=16", "--upstream-queue-wait=50ms",
		"--max-operations=24", "--operation-queue=4", "--operation-queue-wait=20ms",
		"--cache-ttl=150ms", "--cache-stale-if-error=300ms", "--cache-soft-timeout=100ms", "--cache-memory-mb=8",
		"--cache-response-mb=4", "--graphql-documents-mb=2",
	}, s.network.arrange...)...)
	s.process = p.Cmd.Process.Pid
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		p.Stop()
		if err := <-p.Done; err != nil {
			t.Errorf("ended with %v", err)
		}
		if strings.Contains(p.Stderr(), `"msg":"panic"`) {
			t.Errorf("logged %s", p.Stderr())
		}
	})
	testkit.WaitFor(t, "the gateway", func() bool {
		resp, err := s.client.Get(s.gateway + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return s
}

// load lets clients ask for a time, and does something to the services every now and then.
func (s *soak) load(d time.Duration, now func()) {
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	defer cancel()
	var clients sync.WaitGroup
	for range 32 {
		clients.Go(func() {
			for ctx.Err() == nil {
				s.ask()
			}
		})
	}
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				s.attack(ctx)
			}
		})
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		now()
		<-tick.C
	}
	clients.Wait()
}

// questions are what clients ask for, of a user and a product.
var questions = []string{
	"/api/profile/u%[1]d",
	"/graphql?query={user(id:%%22u%[1]d%%22){username,orders{id,items{product{name}}}}}",
	"/graphql?query={users(ids:[%%22u%[1]d%%22,%%22u1%%22,%%22u2%%22]){username}}",
	"/graphql?query={orders(userId:%%22u%[1]d%%22){id,user{username}}}",
	"/graphql?query={products(ids:[%%22p%[2]d%%22,%%22p1%%22]){name},product(id:%%22p%[2]d%%22){price}}",
}

// ask sends one query. One client in ten disconnects early.
func (s *soak) ask() {
	s.asked.Add(1)
	patience := 5 * time.Second
	leaves := rand.N(10) == 0
	if leaves {
		patience = rand.N(200 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	url := s.gateway + fmt.Sprintf(questions[rand.N(len(questions))], rand.N(300)+1, rand.N(300)+1)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		s.t.Error(err)
		return
	}
	if rand.N(10) == 0 {
		r.Header.Set("X-Request-Timeout", fmt.Sprint(rand.N(400)+1, "ms"))
	}
	resp, err := s.client.Do(r)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	switch {
	case err != nil && leaves:
		s.left.Add(1)
	case err != nil:
		s.t.Errorf("%s: %v", url, err)
	default:
		s.judge(url, resp.StatusCode, body)
	}
}

func (s *soak) judge(url string, status int, body []byte) {
	text := string(body)
	switch {
	case !json.Valid(body), strings.Contains(text, "INTERNAL"):
		s.t.Errorf("%s: %d %s", url, status, text)
	case status == http.StatusServiceUnavailable:
		s.none.Add(1)
	case status != http.StatusOK && status != http.StatusNotFound: // a service that lies may say that there is no such user
		s.t.Errorf("%s: %d %s", url, status, text)
	case strings.Contains(text, `"degraded":[{`):
		s.partial.Add(1)
	default:
		s.whole.Add(1)
	}
}

func (s *soak) degraded() bool {
	resp, err := s.client.Get(s.gateway + "/api/profile/u1")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"degraded":[]`)
}

// settled is what the gateway uses when nothing is under way.
func (s *soak) settled() usage {
	s.client.CloseIdleConnections()
	s.network.heal() // the gateway's idle connections to services end
	var last usage
	for range 50 {
		values := testkit.Scrape(s.t, s.client, s.gateway, "go_goroutines", "process_open_fds", "go_memstats_next_gc_bytes")
		now := usage{int(values[0]), int(values[1]), int(values[2] / 2)}
		if now.goroutines == last.goroutines && now.files == last.files {
			return now
		}
		last = now
		<-time.After(50 * time.Millisecond)
	}
	return last
}

func (s *soak) heal() {
	for _, service := range s.services {
		service.Refuse()
		service.Accept(s.t)
		service.SetScript(faultyupstream.Always(wellBehaved))
	}
	s.network.heal()
}

// breakSomething gives one service or the network a fault, or heals it.
func (s *soak) breakSomething() {
	if rand.N(3) == 0 {
		s.network.breakSomething(s.process)
		return
	}
	service := s.services[rand.N(len(s.services))]
	switch n := rand.N(10); {
	case n == 0:
		service.Refuse()
		service.Accept(s.t)
	case n < 5:
		service.SetScript(faultyupstream.Always(wellBehaved))
	default:
		service.SetScript(faultyupstream.Flapping(1+rand.N(5), faultsOfASoak()[rand.N(len(faultsOfASoak()))], wellBehaved))
	}
}

func faultsOfASoak() []faultyupstream.Behaviour {
	head := faultyupstream.Head()
	return []faultyupstream.Behaviour{
		faultyupstream.Reset(), faultyupstream.CloseWithoutResponse(), faultyupstream.Garbage(), faultyupstream.HTML(),
		faultyupstream.Stall(""), faultyupstream.Stall(head[:20]), faultyupstream.Stall(head), faultyupstream.Stall(head + `[{"id"`),
		faultyupstream.Drip(strings.Repeat(" ", 900), time.Millisecond), faultyupstream.Truncated(`[{"id":"p1"`),
		faultyupstream.Overrun(`[]`),
		faultyupstream.HugeContentLength(1 << 24), faultyupstream.Endless(), faultyupstream.Bomb(1 << 22), faultyupstream.JSON(`[null,{"id":5}]`),
		faultyupstream.JSON(`{"error":"boom"}`), faultyupstream.Answer(400, `{}`), faultyupstream.Answer(404, `{}`),
		faultyupstream.Answer(429, ``),
		faultyupstream.Answer(500, `boom`), faultyupstream.Answer(503, ``, "Retry-After: 1"),
		faultyupstream.Late(150*time.Millisecond, wellBehaved),
	}
}

// wellBehaved answers as the three services do.
func wellBehaved(e *faultyupstream.Exchange) bool {
	id := path.Base(e.Request.URL.Path)
	var answer any = upstreamtest.User(id)
	switch {
	case e.Request.Method == http.MethodPost:
		var question struct {
			ProductIDs []string `json:"product_ids"`
		}
		_ = json.Unmarshal(e.Body, &question)
		found := []*services.Product{}
		for _, id := range question.ProductIDs {
			found = append(found, upstreamtest.Product(id))
		}
		answer = found
	case strings.HasPrefix(e.Request.URL.Path, "/orders/"):
		answer = []*services.Order{upstreamtest.Order(id+"-o1", id, "p1", "p2", "p"+id[1:])}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return false
	}
	return faultyupstream.JSON(string(body))(e)
}
