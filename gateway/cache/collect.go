package cache

import "github.com/prometheus/client_golang/prometheus"

// collector reads the figures of the stores when somebody looks at them.
type collector struct {
	memory *Memory
	shared *Redis // nil without one

	bytes, entries, evictions               *prometheus.Desc
	up, connections, waits, timeouts, dials *prometheus.Desc
}

func newCollector(memory *Memory, shared *Redis) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &collector{
		memory: memory, shared: shared,
		bytes:       desc("cache_memory_bytes", "About how many bytes the entries in memory take."),
		entries:     desc("cache_memory_entries", "About how many entries are in memory."),
		evictions:   desc("cache_evictions_total", "Entries dropped before their time to make room.", "cache_type"),
		up:          desc("cache_redis_up", "Whether Redis is used: 0 while it failed just now."),
		connections: desc("cache_redis_connections", "Connections to Redis.", "state"),
		dials:       desc("cache_redis_dials_total", "Connections to Redis that had to be made because none was idle."),
		waits:       desc("cache_redis_pool_waits_total", "Commands that waited for a connection to Redis."),
		timeouts:    desc("cache_redis_pool_timeouts_total", "Commands that waited for a connection to Redis in vain."),
	}
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements [prometheus.Collector].
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	send := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	send(c.bytes, prometheus.GaugeValue, float64(c.memory.entries.WeightedSize()))
	send(c.entries, prometheus.GaugeValue, float64(c.memory.entries.EstimatedSize()))
	send(c.evictions, prometheus.CounterValue, float64(c.memory.evicted.Load()), tierMemory)
	if c.shared == nil {
		return
	}
	up, pool := 1.0, c.shared.client.PoolStats()
	if c.shared.breaker.open.Load() {
		up = 0
	}
	send(c.up, prometheus.GaugeValue, up)
	send(c.connections, prometheus.GaugeValue, float64(pool.IdleConns), "idle")
	send(c.connections, prometheus.GaugeValue, float64(pool.TotalConns-min(pool.IdleConns, pool.TotalConns)), "used")
	send(c.dials, prometheus.CounterValue, float64(pool.Misses))
	send(c.waits, prometheus.CounterValue, float64(pool.WaitCount))
	send(c.timeouts, prometheus.CounterValue, float64(pool.Timeouts))
}
