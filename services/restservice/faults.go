package restservice

import (
	"net/http"
	"sync"
	"time"

	"tributary/gateway/httpserver"
)

// faults injects faults into a service, for demonstrations and tests. It is nil unless
// enabled at start.
type faults struct {
	stopping <-chan struct{}
	routes   []string // that a rule may name

	mu    sync.Mutex
	rules []*rule
}

// set replaces the rules and resets their counts.
func (f *faults) set(rules []*rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = rules
}

func (f *faults) list() []Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules := make([]Rule, len(f.rules))
	for i, r := range f.rules {
		rules[i] = r.Rule
	}
	return rules
}

// decide applies the first rule that matches the route.
func (f *faults) decide(route string) (latency time.Duration, o outcome, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.fits(route) {
			return r.latency, r.next(), r.Status
		}
	}
	return 0, answered, 0
}

// around is middleware that applies the rules to requests of a route.
func (f *faults) around(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		latency, o, status := f.decide(route)
		if latency > 0 {
			f.hold(r, time.After(latency))
		}
		switch o {
		case answered:
			next.ServeHTTP(w, r)
		case failed:
			writeFault(w, r, status)
		case hung:
			f.hold(r, nil)
			writeFault(w, r, http.StatusServiceUnavailable)
		case garbled:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"garbage": [}`))
		case lost:
			next.ServeHTTP(&recordedAnswer{header: http.Header{}}, r)
			panic(http.ErrAbortHandler) // closes the connection
		}
	})
}

// hold waits for enough, unless the client disconnects or the service stops.
func (f *faults) hold(r *http.Request, enough <-chan time.Time) {
	select {
	case <-enough:
	case <-r.Context().Done():
	case <-f.stopping:
	}
}

func writeFault(w http.ResponseWriter, r *http.Request, status int) {
	httpserver.WriteProblem(w, r, httpserver.Problem{
		Status: status, Code: codeOf(status), Detail: "a fault rule asks for this failure",
	})
}
