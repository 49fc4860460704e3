package upstream_test

import (
	"fmt"
	"io"
	"log" //nolint:depguard // the one that net/http writes to
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// executions is a service that executes writes, those with a key once.
type executions struct {
	mu     sync.Mutex
	count  map[string]int    // by body
	keyed  map[string]string // the answer by key
	random *rand.Rand
}

func (s *executions) execute(e *faultyupstream.Exchange) faultyupstream.Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, key := string(e.Body), e.Request.Header.Get("Idempotency-Key")
	answer := faultyupstream.Answer(201, `{"id":`+id+`}`)
	if key != "" {
		if s.keyed[key] != "" {
			return answer
		}
		s.keyed[key] = id
	}
	s.count[id]++
	return answer
}

// behave executes a write or not, and answers well or fails in one of many ways.
func (s *executions) behave(int) faultyupstream.Behaviour {
	s.mu.Lock()
	fails, executes := s.random.IntN(12), s.random.IntN(2) == 0
	s.mu.Unlock()
	return func(e *faultyupstream.Exchange) bool {
		failure := []faultyupstream.Behaviour{
			faultyupstream.Reset(), faultyupstream.CloseWithoutResponse(), faultyupstream.Raw("HTTP/1.1 201 Cr"),
			faultyupstream.Truncated(`{"id":1`), faultyupstream.Answer(500, ``), faultyupstream.Answer(503, ``), faultyupstream.HTML(),
		}
		switch {
		case fails < len(failure):
			if executes {
				s.execute(e)
			}
			return failure[fails](e)
		case fails == len(failure):
			return faultyupstream.Answer([]int{400, 409, 422, 429}[s.random.IntN(4)], `{"title":"no"}`)(e)
		}
		return s.execute(e)(e)
	}
}

// ServeHTTP lets a service of HTTP/2 do the same as behave: lose a stream, before the response or
// within its body, or answer.
func (s *executions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 2 {
		w.WriteHeader(http.StatusHTTPVersionNotSupported)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	fails, executes, status := s.random.IntN(8), s.random.IntN(2) == 0, []int{400, 409, 422, 429}[s.random.IntN(4)]
	s.mu.Unlock()
	if fails == 4 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"title":"no"}`)
		return
	}
	if executes || fails > 4 {
		s.execute(&faultyupstream.Exchange{Request: r, Body: body})
	}
	switch fails {
	case 0:
		panic(http.ErrAbortHandler)
	case 1:
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"id":1`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case 2, 3:
		w.WriteHeader([]int{500, 503}[fails-2])
	default:
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%s}`, body)
	}
}

func newExecutions(seed uint64) *executions {
	return &executions{count: map[string]int{}, keyed: map[string]string{}, random: rand.New(rand.NewPCG(19, seed))}
}

// suffer makes n writes, half of them with a key, and compares what is said of each with how
// often it was executed. Before is called before each.
func (s *executions) suffer(c *client, n int, before func(i int)) {
	c.t.Helper()
	seen := map[string]int{}
	for i := range n {
		before(i)
		id := strconv.Itoa(i)
		w := upstream.Write{Request: upstream.Request{Method: http.MethodPost, Body: []byte(id)}}
		if i%2 == 0 {
			w.Key = "key-" + id
		}
		outcome, _ := c.put(w)
		s.mu.Lock()
		n := s.count[id]
		s.mu.Unlock()
		seen[fmt.Sprint(outcome, " ", n, " ", w.Key != "")]++
		if n > 1 || outcome == "executed" && n != 1 || outcome == "not_executed" && n != 0 {
			c.t.Fatalf("write %d (key %q) was executed %d times, and its outcome is %s", i, w.Key, n, outcome)
		}
	}
	for _, must := range []string{"executed 1 true", "executed 1 false", "unknown 0 true", "unknown 0 false", "unknown 1 true", "unknown 1 false", "not_executed 0 true", "not_executed 0 false"} {
		if seen[must] == 0 {
			c.t.Errorf("%s never occurred: %v", must, seen)
		}
	}
}

func TestSend_ThousandsOfFaults(t *testing.T) {
	t.Parallel()
	writes := 10_000
	if raceDetector || testing.Short() { // all of them take as long as the rest of the package then
		writes = 2000
	}
	s := newExecutions(1)
	c := over(t, thrice, s.behave)
	refuses := false
	s.suffer(c, writes, func(i int) {
		if refuses {
			c.up.Accept(t)
			refuses = false
		}
		switch {
		case i%100 == 0: // the server keeps all requests
			c.up.SetScript(s.behave)
		case i%37 == 1, i%37 == 20: // with a key, and without one
			c.up.Refuse()
			refuses = true
		}
	})
}

// Over HTTP/2 a stream is lost, and the connection of all others stays.
func TestSend_FaultsOverHTTP2(t *testing.T) {
	t.Parallel()
	s := newExecutions(2)
	server := httptest.NewUnstartedServer(s)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	reg := prometheus.NewRegistry()
	service := upstream.ServiceConfig{URL: server.URL, CA: writeFiles(t, server.TLS.Certificates[0]).cert}
	c, err := service.NewClient("things", thrice, upstream.NewMetrics(reg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s.suffer(&client{c, t, nil, reg}, 1000, func(int) {})
}
