package httpserver

import (
	"net/http"
	"sync"
	"sync/atomic"
)

// Readiness is a readiness probe: ready until the process drains. The state of
// dependencies does not count, because a gateway still answers without some of its
// services, and removing all gateways from a load balancer would make things worse.
// The zero value is ready. It is safe for concurrent use and an [http.Handler].
type Readiness struct {
	draining atomic.Bool

	mu      sync.Mutex
	onDrain []func()
}

// OnDrain registers f to be called when draining starts. It must not block.
func (r *Readiness) OnDrain(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onDrain = append(r.onDrain, f)
}

// Drain makes the probe fail for good and calls the functions of OnDrain. It must
// be called once only.
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

// Live is a liveness probe: it always answers 200.
func Live(w http.ResponseWriter, _ *http.Request) { writeStatus(w, http.StatusOK, "alive") }

func writeStatus(w http.ResponseWriter, code int, status string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(`{"status":"` + status + "\"}\n"))
}
