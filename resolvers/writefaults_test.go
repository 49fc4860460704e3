package resolvers_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/graphtest"
)

// hijacked takes over the connection of a response, writes text, and closes it.
func hijacked(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = conn.Write([]byte(text))
	_ = conn.Close()
}

// once is a fault of the first write.
func once(fault writeFault) writeFault {
	return func(n int, w http.ResponseWriter, execute func(http.ResponseWriter)) {
		if n == 0 {
			fault(n, w, execute)
			return
		}
		execute(w)
	}
}

// answers is a fault that executes nothing and answers with a status.
func answers(status int) writeFault {
	return func(_ int, w http.ResponseWriter, _ func(http.ResponseWriter)) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"title":"No","status":%d}`, status)
	}
}

// shopFaults are what may happen to a write of the shop, and what its client is told. With
// "" it is answered.
var shopFaults = map[string]struct {
	fault      writeFault
	code       string
	outcome    string
	executions int
	slow       bool
}{
	"nothing":                            {nil, "", "", 1, false},
	"lost once":                          {once(lost), "", "", 1, false},
	"always lost":                        {lost, "UPSTREAM_UNAVAILABLE", "unknown", 1, false},
	"closed before it is executed, once": {once(func(_ int, w http.ResponseWriter, _ func(http.ResponseWriter)) { hijacked(w, "") }), "", "", 1, false},
	"closed before it is executed":       {func(_ int, w http.ResponseWriter, _ func(http.ResponseWriter)) { hijacked(w, "") }, "UPSTREAM_UNAVAILABLE", "unknown", 0, false},
	"broken off within the headers": {func(_ int, w http.ResponseWriter, execute func(http.ResponseWriter)) {
		executed(execute)
		hijacked(w, "HTTP/1.1 200 OK\r\nContent-Ty")
	}, "UPSTREAM_UNAVAILABLE", "unknown", 1, false},
	"broken off within the body": {func(_ int, w http.ResponseWriter, execute func(http.ResponseWriter)) {
		body := executed(execute).Body.String()
		hijacked(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2]))
	}, "UPSTREAM_UNAVAILABLE", "unknown", 1, false},
	"no JSON": {func(_ int, w http.ResponseWriter, execute func(http.ResponseWriter)) {
		executed(execute)
		_, _ = w.Write([]byte("<html>"))
	}, "UPSTREAM_INVALID_RESPONSE", "unknown", 1, false},
	"slow": {func(_ int, w http.ResponseWriter, execute func(http.ResponseWriter)) {
		executed(execute)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = buffered.ReadByte() // until the gateway gives up
		_ = conn.Close()
	}, "UPSTREAM_TIMEOUT", "unknown", 1, true},
	"500":      {answers(500), "UPSTREAM_UNAVAILABLE", "unknown", 0, false},
	"503 once": {once(answers(503)), "", "", 1, false},
	"408":      {answers(408), "UPSTREAM_TIMEOUT", "unknown", 0, false},
	"400":      {answers(400), "UPSTREAM_REJECTED", "not_executed", 0, false},
	"409":      {answers(409), "UPSTREAM_REJECTED", "not_executed", 0, false},
	"403":      {answers(403), "UPSTREAM_REJECTED", "not_executed", 0, false},
}

// Whatever happens to a mutation of the shop, with a client's key or without one: it is
// executed once at most, its client is told what is known, what is shown from then on is what
// the services have, and with a key it may be repeated until it is answered.
func TestMutations_Faults(t *testing.T) {
	for name, f := range shopFaults {
		for _, key := range []string{"", "k1"} {
			t.Run(name+" "+key, func(t *testing.T) {
				t.Parallel()
				s := newStore(t, func(with *graphtest.Setup) {
					if f.slow {
						with.Timeout = 400 * time.Millisecond
					}
				})
				for _, mutation := range testkit.Sample(t, slices.Sorted(maps.Keys(lossTests)), 2) {
					s.suffers(mutation, name, key)
				}
			})
		}
	}
}

// suffers makes a mutation while a fault happens.
func (s *store) suffers(mutation, fault, key string) {
	s.t.Helper()
	c, f := lossTests[mutation], shopFaults[fault]
	before, executions := s.ask(c.read), s.executions()
	var headers []string
	if key != "" {
		headers = []string{"Idempotency-Key", key}
	}
	s.suffer(f.fault)
	response, answered := s.ask("mutation { "+c.mutation+" }", headers...), `{"data":{"`+mutation+`":`+c.answer+`}}`
	if f.code == "" {
		if response != answered {
			s.t.Errorf("%s, want %s", response, answered)
		}
	} else if e := s.refused(response).Extensions; e.Code != f.code || e.Service != c.service || e.Outcome != f.outcome {
		s.t.Errorf("%s, want %s, %s", response, f.code, f.outcome)
	}
	if n := s.executions() - executions; n != f.executions {
		s.t.Errorf("%s: executed %d times, want %d", mutation, n, f.executions)
	}
	s.wantAnswer(c.read, map[bool]string{false: before, true: c.after}[f.executions > 0])
	s.suffer(nil)
	if key == "" {
		return
	}
	if got := s.ask("mutation { "+c.mutation+" }", headers...); got != answered {
		s.t.Errorf("repeated: %s, want %s", got, answered)
	}
	s.wantAnswer(c.read, c.after)
	if n := s.executions() - executions; n != 1 {
		s.t.Errorf("%s: executed %d times by requests with one key", mutation, n)
	}
}

// A service that cannot be reached has executed nothing.
func TestMutations_Unreachable(t *testing.T) {
	for mutation, c := range lossTests {
		t.Run(mutation, func(t *testing.T) {
			s := newStore(t)
			s.ask(c.read)
			s.close(c.service)
			if e := s.refused(s.ask("mutation { " + c.mutation + " }")).Extensions; e.Code != "UPSTREAM_UNAVAILABLE" || e.Service != c.service || e.Outcome != "not_executed" {
				t.Errorf("%+v", e)
			}
			if n := s.executions(); n != 0 {
				t.Errorf("executed %d times", n)
			}
		})
	}
}

// Of two requests with the same key at the same time, one is executed, and none is told that
// it was not.
func TestMutations_TwoAtOnce(t *testing.T) {
	for mutation, c := range lossTests {
		t.Run(mutation, func(t *testing.T) {
			s := newStore(t)
			arrived, proceed := make(chan struct{}), make(chan struct{})
			s.suffer(once(func(_ int, w http.ResponseWriter, execute func(http.ResponseWriter)) {
				close(arrived)
				<-proceed
				execute(w)
			}))
			first := make(chan string)
			go func() { first <- s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1") }()
			<-arrived
			second := s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1")
			close(proceed)
			answered := `{"data":{"` + mutation + `":` + c.answer + `}}`
			if got := <-first; got != answered {
				t.Errorf("the first: %s", got)
			}
			if second != answered {
				t.Errorf("the second: %s", second)
			}
			if n := s.executions(); n != 1 {
				t.Errorf("executed %d times", n)
			}
			s.wantAnswer(c.read, c.after)
		})
	}
}

// While a request is under way in the service, another with its key is refused by it with 409:
// the gateway asks again, and its client is not told that nothing was executed.
func TestMutations_KeyUnderWay(t *testing.T) {
	s := newStore(t)
	c := lossTests["placeOrder"]
	s.breaks(c.service, `[{"route": "`+c.route+`", "latency": "700ms"}]`)
	s.called()
	first := make(chan string)
	go func() { first <- s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1") }()
	testkit.WaitFor(t, "the write of the first", func() bool { return s.writes() == 1 })
	second := s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1")
	answered := `{"data":{"placeOrder":` + c.answer + `}}`
	if second != answered { // the service is as slow as this machine, or slower
		e := s.refused(second).Extensions
		if e.Code != "UPSTREAM_REJECTED" || e.Outcome != "unknown" || e.Problem.Status != 409 || s.writes() != 4 {
			t.Errorf("%s after %d writes", second, s.writes())
		}
	}
	if got := <-first; got != answered {
		t.Errorf("the first: %s", got)
	}
	if got := s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1"); got != answered {
		t.Errorf("repeated: %s", got)
	}
	if n := s.executions(); n != 1 {
		t.Errorf("executed %d times", n)
	}
	s.wantAnswer(c.read, c.after)
}

// writes returns the number of writes since the calls were looked at last.
func (s *store) writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.keys)
}
