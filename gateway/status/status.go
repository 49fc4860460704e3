package status

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/health"
)

// The interval and number of samples: five minutes in total.
const (
	interval   = 2 * time.Second
	maxSamples = 150
)

// Options configure a [Sampler].
type Options struct {
	// Endpoints are the route patterns whose requests are counted. Those of probes and scrapes
	// should not be among them.
	Endpoints []string
	Log       *slog.Logger
}

// Sampler samples the metrics of a gateway. It is safe for concurrent use and
// an [http.Handler].
type Sampler struct {
	metrics prometheus.Gatherer
	health  *health.Checker
	opts    Options

	mu      sync.Mutex
	samples []Sample // oldest first, at most slots
}

// New returns a history of metrics. Sampling starts with [Sampler.Run].
func New(metrics prometheus.Gatherer, checker *health.Checker, opts Options) *Sampler {
	return &Sampler{metrics: metrics, health: checker, opts: opts}
}

// Run takes samples until ctx ends.
func (h *Sampler) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	last, at := h.read(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			totals := h.read()
			h.add(totals.since(last, now.Sub(at), now))
			last, at = totals, now
		}
	}
}

func (h *Sampler) read() *totals {
	families, err := h.metrics.Gather()
	if err != nil { // what could be gathered is there
		h.opts.Log.Warn("status: gathering metrics", "error", err)
	}
	return totalsOf(families, h.opts.Endpoints)
}

func (h *Sampler) add(s Sample) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.samples) == maxSamples {
		h.samples = append(h.samples[:0], h.samples[1:]...)
	}
	h.samples = append(h.samples, s)
}

// after returns the samples taken after t, in milliseconds since 1970.
func (h *Sampler) after(t int64) []Sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	samples := []Sample{}
	for _, s := range h.samples {
		if s.Time > t {
			samples = append(samples, s)
		}
	}
	return samples
}

// answer is the body of a response.
type answer struct {
	Now     time.Time      `json:"now"`
	Slots   int            `json:"slots"` // how many samples the page should keep
	Health  *health.Report `json:"health"`
	Samples []Sample       `json:"samples"` // later than ?since, oldest first
}

// ServeHTTP answers with the health and the samples after ?since.
func (h *Sampler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	if err != nil {
		since = 0
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer{
		Now: time.Now().UTC(), Slots: maxSamples,
		Health: h.health.Check(r.Context()), Samples: h.after(since),
	})
}
