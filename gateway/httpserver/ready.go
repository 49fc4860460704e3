package httpserver

import (
	"net/http"
	"sync"
	"sync/atomic"
)

// Readiness tells load balancers whether to send requests: yes, until the
// process drains. What it depends on does not count: a gateway without some of
// its services still answers, and taking away all gateways would help nobody.
// The zero value is ready. It is safe for concurrent use and an [http.Handler].
type Readiness struct {
	draining atomic.Bool

	mu      sync.Mutex
	onDrain []func()
}

// OnDrain has f called when the process begins to drain. F must not wait.
func (r *Readiness) OnDrain(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onDrain = append(r.onDrain, f)
}

// Drain turns the answer to no, for good, and tells who wants to know. It is
// called once.
func (r *Readiness) Drain() {
	r.draining.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.onDrain {
		f()
	}
}

// ServeHTTP answers 200, or 503 while draining.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if r.draining.Load() {
		writeStatus(w, http.StatusServiceUnavailable, "draining")
		return
	}
	writeStatus(w, http.StatusOK, "ready")
}

// Live answers that the process runs.
func Live(w http.ResponseWriter, _ *http.Request) { writeStatus(w, http.StatusOK, "alive") }

func writeStatus(w http.ResponseWriter, code int, status string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(`{"status":"` + status + "\"}\n"))
}
