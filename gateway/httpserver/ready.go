package httpserver

import (
	"net/http"
	"sync/atomic"
)

// Readiness tells load balancers whether to send requests: yes, until the
// process drains. What it depends on does not count: a gateway without some of
// its services still answers, and taking away all gateways would help nobody.
// The zero value is ready. It is safe for concurrent use and an [http.Handler].
type Readiness struct{ draining atomic.Bool }

// Drain turns the answer to no, for good.
func (r *Readiness) Drain() { r.draining.Store(true) }

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
