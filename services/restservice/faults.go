package restservice

import (
	"net/http"
	"time"

	"tributary/gateway/faultinject"
	"tributary/gateway/httpserver"
)

// faults injects faults into a service, for demonstrations and tests. It is nil unless
// enabled at start.
type faults struct {
	stopping <-chan struct{}
	routes   []string // that a rule may name

	rules faultinject.Rules
}

// middleware is middleware that applies the rules to requests of a route.
func (f *faults) middleware(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		latency, o, status := f.rules.Decide(route)
		if latency > 0 {
			f.wait(r, time.After(latency))
		}
		switch o {
		case faultinject.Answered:
			next.ServeHTTP(w, r)
		case faultinject.Failed:
			writeFault(w, r, status)
		case faultinject.Hung:
			f.wait(r, nil)
			writeFault(w, r, http.StatusServiceUnavailable)
		case faultinject.Garbled:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"garbage": [}`))
		case faultinject.Lost:
			next.ServeHTTP(&recordedResponse{header: http.Header{}}, r)
			panic(http.ErrAbortHandler) // closes the connection
		}
	})
}

// wait waits for enough, unless the client disconnects or the service stops.
func (f *faults) wait(r *http.Request, enough <-chan time.Time) {
	select {
	case <-enough:
	case <-r.Context().Done():
	case <-f.stopping:
	}
}

func writeFault(w http.ResponseWriter, r *http.Request, status int) {
	httpserver.WriteProblem(w, r, httpserver.Problem{
		Status: status, Code: codeOf(status), Detail: "failure injected by a fault rule",
	})
}
