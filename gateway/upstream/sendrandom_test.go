package upstream_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"

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
			faultyupstream.Reset(), faultyupstream.Hangup(), faultyupstream.Raw("HTTP/1.1 201 Cr"),
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

func TestSend_ThousandsOfFaults(t *testing.T) {
	t.Parallel()
	writes := 10_000
	if raceDetector || testing.Short() { // all of them take as long as the rest of the package then
		writes = 2000
	}
	s := &executions{count: map[string]int{}, keyed: map[string]string{}, random: rand.New(rand.NewPCG(19, 1))}
	cfg := thrice
	c := over(t, cfg, s.behave)
	seen := map[string]int{}
	for i := range writes {
		if i%100 == 0 { // the server keeps all requests
			c.up.Follow(s.behave)
		}
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
			t.Fatalf("write %d (key %q) was executed %d times, and its outcome is %s", i, w.Key, n, outcome)
		}
	}
	for _, must := range []string{"executed 1 true", "executed 1 false", "unknown 0 true", "unknown 0 false", "unknown 1 true", "unknown 1 false", "not_executed 0 true", "not_executed 0 false"} {
		if seen[must] == 0 {
			t.Errorf("%s never occurred: %v", must, seen)
		}
	}
}
