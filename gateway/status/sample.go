package status

import (
	"maps"
	"math"
	"slices"
	"time"
)

// A Sample summarizes one interval. Rates are per second.
type Sample struct {
	Time        int64              `json:"t"` // its end, in milliseconds since 1970
	Requests    float64            `json:"requests"`
	Failed      float64            `json:"failed"`     // answered by a 5xx
	Incomplete  float64            `json:"incomplete"` // operations with data and errors
	Active      float64            `json:"active"`     // being answered at its end
	P95         *float64           `json:"p95_ms,omitempty"`
	CacheHits   float64            `json:"cache_hits"`
	CacheMisses float64            `json:"cache_misses"`
	Stale       float64            `json:"stale"`
	Services    map[string]Service `json:"services"`
}

// Service is the part of one service in a Sample.
type Service struct {
	Calls    float64 `json:"calls"` // attempts, retries and hedges among them
	Failed   float64 `json:"failed"`
	InFlight float64 `json:"in_flight"` // at its end
	Breaker  float64 `json:"breaker"`   // at its end: 0 closed, 1 half-open, 2 open
}

// since returns the difference to last, which was taken took before now.
func (t *totals) since(last *totals, took time.Duration, now time.Time) Sample {
	rate := func(now, before float64) float64 {
		return math.Round(100*max(0, now-before)/took.Seconds()) / 100
	}
	s := Sample{
		Time:     now.UnixMilli(),
		Requests: rate(t.requests, last.requests), Failed: rate(t.failed, last.failed), Active: t.active,
		Incomplete: rate(t.incomplete, last.incomplete),
		P95:        t.latency.quantile(.95, last.latency),
		CacheHits:  rate(t.hits, last.hits), CacheMisses: rate(t.misses, last.misses), Stale: rate(t.stale, last.stale),
		Services: map[string]Service{},
	}
	for name, service := range t.services {
		before := last.services[name]
		s.Services[name] = Service{
			Calls: rate(service.calls, before.calls), Failed: rate(service.failed, before.failed),
			InFlight: service.inFlight, Breaker: service.breaker,
		}
	}
	return s
}

// buckets are the cumulative counts of a histogram, by their upper bounds in seconds.
type buckets map[float64]float64

// quantile estimates the quantile q, in milliseconds, of what was observed since last,
// with linear interpolation within buckets, as Prometheus does. It is nil if nothing was.
func (b buckets) quantile(q float64, last buckets) *float64 {
	bounds := slices.Sorted(maps.Keys(b))
	if len(bounds) == 0 {
		return nil
	}
	all := b[bounds[len(bounds)-1]] - last[bounds[len(bounds)-1]]
	if all <= 0 {
		return nil
	}
	low, below := 0.0, 0.0
	for _, bound := range bounds {
		count := b[bound] - last[bound]
		if count >= q*all {
			high := bound
			if math.IsInf(bound, 1) { // as much as the last bound is all that is known
				high = low
			}
			ms := 1000 * (low + (high-low)*(q*all-below)/(count-below))
			return &ms
		}
		low, below = bound, count
	}
	return nil
}
