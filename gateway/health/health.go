// Package health checks the services and the cache for GET /health.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// The states of a gateway and of its components.
const (
	Healthy   = "healthy"
	Degraded  = "degraded"
	Unhealthy = "unhealthy"
	Unknown   = "unknown" // of a service that the gateway could not ask, for a reason of its own
)

// ErrUnknown is the error of a [Check] that cannot tell whether its component works.
var ErrUnknown = errors.New("health: unknown")

// A Check returns nil if one component works.
type Check func(ctx context.Context) error

// Checker answers GET /health. All fields but Provider and Epoch are required; it is safe for
// concurrent use and an [http.Handler].
type Checker struct {
	Service   string // the name of the gateway itself
	Version   string
	Services  map[string]Check
	CacheType string
	Cache     Check
	Provider  func() ProviderStatus // the state of the identity provider; nil without authentication
	Timeout   time.Duration         // of a check
	CacheFor  time.Duration         // how long a report is reused, unless Epoch changes
	Epoch     func() uint64         // counts what makes findings outdated, such as circuits that open or close; may be nil

	mu        sync.Mutex
	last      *Report
	lastEnd   time.Time
	lastEpoch uint64
}

// Report is the body of /health.
type Report struct {
	Status    string            `json:"status"`
	Service   string            `json:"service"`
	Version   string            `json:"version"`
	Timestamp time.Time         `json:"timestamp"`
	Services  map[string]Status `json:"services"`
	Cache     CacheStatus       `json:"cache"`
	Provider  *ProviderStatus   `json:"identity_provider,omitempty"`
}

// Status is the state of one service.
type Status struct {
	Status    string  `json:"status"`
	LatencyMS float64 `json:"latency_ms"`
}

// CacheStatus is the state of the cache.
type CacheStatus struct {
	Type   string `json:"type"`
	Status string `json:"status"`
}

// ProviderStatus is the state of the identity provider: degraded if its keys cannot be fetched
// and the last ones serve, unhealthy if there are none.
type ProviderStatus struct {
	Status  string  `json:"status"`
	KeysAge float64 `json:"keys_age_seconds"`
}

// ServeHTTP answers with the finding: 503 if no service answers, else 200.
func (c *Checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := c.Check(r.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if f.Status == Unhealthy {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(f)
}

// Check runs all checks in parallel, or returns the last finding if it is younger
// than Hold and of the same Epoch. Concurrent callers share one run.
func (c *Checker) Check(ctx context.Context) *Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	epoch := uint64(0)
	if c.Epoch != nil {
		epoch = c.Epoch()
	}
	if c.last != nil && time.Since(c.lastEnd) < c.CacheFor && epoch == c.lastEpoch {
		return c.last
	}
	c.lastEpoch = epoch
	// Callers share the report, so the checks are not canceled with the first one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Timeout)
	defer cancel()
	c.last = c.runChecks(ctx)
	c.lastEnd = time.Now()
	return c.last
}

func (c *Checker) runChecks(ctx context.Context) *Report {
	f := &Report{
		Service: c.Service, Version: c.Version, Timestamp: time.Now().UTC(),
		Services: make(map[string]Status, len(c.Services)),
		Cache:    CacheStatus{Type: c.CacheType, Status: Healthy},
	}
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for name, check := range c.Services {
		wg.Go(func() {
			start := time.Now()
			err := check(ctx)
			mu.Lock()
			defer mu.Unlock()
			f.Services[name] = Status{statusOf(err), float64(time.Since(start).Microseconds()) / 1000}
		})
	}
	wg.Go(func() {
		if err := c.Cache(ctx); err != nil {
			mu.Lock()
			defer mu.Unlock()
			f.Cache.Status = Unhealthy
		}
	})
	wg.Wait()
	if c.Provider != nil {
		p := c.Provider()
		f.Provider = &p
	}
	f.Status = f.overall()
	return f
}

func statusOf(err error) string {
	switch {
	case err == nil:
		return Healthy
	case errors.Is(err, ErrUnknown):
		return Unknown
	}
	return Unhealthy
}

func (f *Report) overall() string {
	is := map[string]int{} // the number of services by status
	for _, s := range f.Services {
		is[s.Status]++
	}
	switch all := len(f.Services); {
	case is[Unhealthy] == all && all > 0:
		return Unhealthy
	case is[Healthy] < all, f.Cache.Status != Healthy, f.Provider != nil && f.Provider.Status != Healthy:
		return Degraded
	}
	return Healthy
}
