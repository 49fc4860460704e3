package redisstore

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"tributary/gateway/telemetry"
)

// Collector returns a collector for the state of Redis and the connections to it.
func (s *Store) Collector() prometheus.Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	up := desc("cache_redis_up", "Whether Redis is used: 0 while it is disabled after a failure.")
	listening := desc("cache_redis_subscribed", "Whether purges of other gateways arrive by subscription: 0 while this gateway polls for them.")
	trips := desc("cache_redis_round_trips_total", "Round trips to Redis for entries and leases; concurrent lookups share them.")
	connections := desc("cache_redis_connections", "Connections to Redis.", "state")
	dials := desc("cache_redis_dials_total", "Connections to Redis opened because none was idle.")
	waits := desc("cache_redis_pool_waits_total", "Commands that waited for a connection to Redis.")
	timeouts := desc("cache_redis_pool_timeouts_total", "Commands that got no connection to Redis in time.")
	return telemetry.CollectorFunc(func(send telemetry.Send) {
		pool := s.client.PoolStats()
		send(up, prometheus.GaugeValue, number(!s.breaker.down.Load()))
		send(listening, prometheus.GaugeValue, number(s.listening.Load()))
		send(trips, prometheus.CounterValue, float64(s.roundTrips.Load()))
		send(connections, prometheus.GaugeValue, float64(pool.IdleConns), "idle")
		send(connections, prometheus.GaugeValue, float64(busy(pool)), "used")
		send(dials, prometheus.CounterValue, float64(pool.Misses))
		send(waits, prometheus.CounterValue, float64(pool.WaitCount))
		send(timeouts, prometheus.CounterValue, float64(pool.Timeouts))
	})
}

// number is 1 or 0.
func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// busy returns the connections in use. The two statistics are not read atomically, so
// the difference is bounded at 0.
func busy(pool *redis.PoolStats) uint32 {
	return pool.TotalConns - min(pool.IdleConns, pool.TotalConns)
}
