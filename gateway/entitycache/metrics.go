package entitycache

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache/redisstore"
	"tributary/gateway/telemetry"
)

// The values of the label cache_type.
const (
	tierMemory = "memory"
	tierRedis  = "redis"
)

// The values of the label outcome of background refreshes.
const (
	refreshDone    = "done"
	refreshFailed  = "failed"
	refreshDropped = "dropped"
)

type metrics struct {
	hits, misses *prometheus.CounterVec // by cache_type
	errors       *prometheus.CounterVec // by op
	stale        *prometheus.CounterVec // by service
	refreshes    *prometheus.CounterVec // by outcome
	seen         *prometheus.CounterVec // by outcome
	coalesced    prometheus.Counter
	loadedByPeer prometheus.Counter
	dropped      prometheus.Counter
	panics       prometheus.Counter
	ages         prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		hits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_hits_total", Help: "Keys, or whole responses, found fresh in a cache tier."}, []string{"cache_type"}),
		misses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_misses_total", Help: "Keys, or whole responses, not found, or no longer fresh, in a cache tier."}, []string{"cache_type"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_errors_total", Help: "Failed operations on the shared cache; the requests concerned continued without it."}, []string{"op"}),
		stale: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_stale_served_total", Help: "Keys answered with a stale entry because the service failed."}, []string{"service_name"}),
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_refreshes_total", Help: "Background refreshes of keys, by outcome (dropped: too many were running)."}, []string{"outcome"}),
		seen: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cache_seen_total", Help: "Requests with Tributary-Seen that used the cache, by outcome: current (the purge was known), waited (it came while they waited), past (it did not, so they read past the cache) or ignored (the value is invalid)."}, []string{"outcome"}),
		coalesced: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cache_coalesced_total", Help: "Keys that joined a load already running for another request."}),
		loadedByPeer: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cache_peer_loads_total", Help: "Keys loaded by another gateway and taken from the shared cache."}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cache_writes_dropped_total", Help: "Writes to the shared cache dropped because the queue was full."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cache_panics_total", Help: "Panics of background loads, which no request waited for."}),
		ages: prometheus.NewHistogram(telemetry.Histogram("cache_served_age_seconds", "Age of cached entries when they were served.",
			1, 5, 10, 15, 20, 25, 30, 60, 120, 300, 600)),
	}
	reg.MustRegister(m.hits, m.misses, m.errors, m.stale, m.refreshes, m.seen, m.coalesced, m.loadedByPeer, m.dropped, m.panics, m.ages)
	for _, tier := range []string{tierMemory, tierRedis} {
		m.lookups(tier)
	}
	for _, op := range []string{"get", "set", "delete", "lease", "purge"} {
		m.errors.WithLabelValues(op)
	}
	for _, outcome := range []string{refreshDone, refreshFailed, refreshDropped} {
		m.refreshes.WithLabelValues(outcome)
	}
	for _, outcome := range []string{redisstore.SeenCurrent, redisstore.SeenWaited, redisstore.SeenPast, redisstore.SeenIgnored} {
		m.seen.WithLabelValues(outcome)
	}
	return m
}

// refreshed counts the outcome of a background refresh.
func (m *metrics) refreshed(err error) {
	if err != nil {
		m.refreshes.WithLabelValues(refreshFailed).Inc()
		return
	}
	m.refreshes.WithLabelValues(refreshDone).Inc()
}

// lookups returns the counters of a cache_type.
func (m *metrics) lookups(cacheType string) (hits, misses prometheus.Counter) {
	return m.hits.WithLabelValues(cacheType), m.misses.WithLabelValues(cacheType)
}

// countLookup counts the hits and misses of a lookup in a tier.
func (m *metrics) countLookup(tier string, hits, misses int) {
	m.hits.WithLabelValues(tier).Add(float64(hits))
	m.misses.WithLabelValues(tier).Add(float64(misses))
}

// NewSizes returns a collector for the size of a tier in memory, read on each scrape. Tier
// is its value of the label cache_type.
func NewSizes(tier string, evicted *atomic.Uint64, size func() (bytes uint64, entries int)) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, nil, prometheus.Labels{"cache_type": tier})
	}
	bytes := desc("cache_bytes", "About how many bytes a cache in memory takes.")
	entries := desc("cache_entries", "About how many entries, whole responses or documents a cache in memory has.")
	evictions := desc("cache_evictions_total", "Entries, whole responses or documents dropped before their time to make room.")
	return telemetry.CollectorFunc(func(send telemetry.Send) {
		b, n := size()
		send(bytes, prometheus.GaugeValue, float64(b))
		send(entries, prometheus.GaugeValue, float64(n))
		send(evictions, prometheus.CounterValue, float64(evicted.Load()))
	})
}
