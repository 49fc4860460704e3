package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func redis() board {
	return board{
		name: "redis", title: "Redis",
		about: "The cache that gateways share. Without it they use their memory, and call services more often.",
		variables: []variable{
			choice("redis", "Redis", `label_values(redis_up, instance)`),
		},
		rows: []row{
			{title: "Now", panels: redisNow()},
			{title: "Use", panels: redisUse()},
			{title: "Memory", panels: redisMemory()},
			{title: "Seen by the gateways", panels: redisSeen()},
		},
	}
}

func redisNow() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		number("Up", "Whether Redis responds to its exporter: 1 if it does.", units.Short, lowIsBad(1, 1),
			query(`min(redis_up{instance=~"$redis"})`, "up")),
		number("Hit ratio", "Share of key lookups that hit, over five minutes.", units.PercentUnit, lowIsBad(0.05, 0.2),
			query(`sum(rate(redis_keyspace_hits_total{instance=~"$redis"}[5m])) / (sum(rate(redis_keyspace_hits_total{instance=~"$redis"}[5m])) + sum(rate(redis_keyspace_misses_total{instance=~"$redis"}[5m])))`, "hits")),
		number("Commands", "Commands per second.", units.OpsPerSecond, plain(),
			query(`sum(rate(redis_commands_processed_total{instance=~"$redis"}[$__rate_interval]))`, "commands")),
		number("Memory used", "Share of maxmemory in use. A full cache evicts what is used least.", units.PercentUnit, highIsBad(0.9, 1.1),
			query(`max(redis_memory_used_bytes{instance=~"$redis"} / (redis_memory_max_bytes{instance=~"$redis"} > 0))`, "used")),
		number("Clients", "Connected clients.", units.Short, highIsBad(500, 5000),
			query(`sum(redis_connected_clients{instance=~"$redis"})`, "clients")),
		number("Up for", "Uptime of Redis. It starts empty.", units.Seconds, plain(),
			query(`min(redis_uptime_in_seconds{instance=~"$redis"})`, "uptime")),
	}
}

func redisUse() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Commands by name", "Commands per second.", units.OpsPerSecond,
			query(`sum by (cmd) (rate(redis_commands_total{instance=~"$redis"}[$__rate_interval])) > 0`, "{{cmd}}")),
		graph("Hits and misses", "Key lookups per second.", units.OpsPerSecond,
			query(`sum(rate(redis_keyspace_hits_total{instance=~"$redis"}[$__rate_interval]))`, "hits"),
			query(`sum(rate(redis_keyspace_misses_total{instance=~"$redis"}[$__rate_interval]))`, "misses")),
		graph("Time per command", "Mean CPU time of a command, by name.", units.Seconds,
			query(`sum by (cmd) (rate(redis_commands_duration_seconds_total{instance=~"$redis"}[$__rate_interval])) / (sum by (cmd) (rate(redis_commands_total{instance=~"$redis"}[$__rate_interval])) > 0)`, "{{cmd}}")),
		graph("Connections", "Connected and blocked clients.", units.Short,
			query(`sum(redis_connected_clients{instance=~"$redis"})`, "connected"),
			query(`sum(redis_blocked_clients{instance=~"$redis"})`, "blocked")),
		graph("Network", "Bytes per second, as counted by Redis.", units.BytesPerSecondIEC,
			query(`sum(rate(redis_net_input_bytes_total{instance=~"$redis"}[$__rate_interval]))`, "in"),
			query(`sum(rate(redis_net_output_bytes_total{instance=~"$redis"}[$__rate_interval]))`, "out")),
		graph("Processor", "CPU seconds per second. Redis uses one core.", units.Short,
			query(`sum(rate(redis_cpu_user_seconds_total{instance=~"$redis"}[$__rate_interval]))`, "user"),
			query(`sum(rate(redis_cpu_sys_seconds_total{instance=~"$redis"}[$__rate_interval]))`, "system")),
	}
}

func redisMemory() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Memory", "Memory of the data, of the process (resident), and maxmemory.", units.BytesIEC,
			query(`redis_memory_used_bytes{instance=~"$redis"}`, "used"),
			query(`redis_memory_used_rss_bytes{instance=~"$redis"}`, "resident"),
			query(`redis_memory_max_bytes{instance=~"$redis"} > 0`, "limit")),
		graph("Keys", "Keys, and those of them with an expiry.", units.Short,
			query(`sum(redis_db_keys{instance=~"$redis"})`, "keys"),
			query(`sum(redis_db_keys_expiring{instance=~"$redis"})`, "with an end")),
		graph("Expired and evicted keys", "Keys per second that expired or were evicted.", units.OpsPerSecond,
			query(`sum(rate(redis_expired_keys_total{instance=~"$redis"}[$__rate_interval]))`, "expired"),
			query(`sum(rate(redis_evicted_keys_total{instance=~"$redis"}[$__rate_interval]))`, "evicted")),
	}
}

func redisSeen() []cog.Builder[dashboard.Panel] {
	const hits, misses = `sum(rate(cache_hits_total{job="$job",instance=~"$instance",cache_type="redis"}[$__rate_interval]))`,
		`sum(rate(cache_misses_total{job="$job",instance=~"$instance",cache_type="redis"}[$__rate_interval]))`
	return []cog.Builder[dashboard.Panel]{
		graph("Fresh in Redis", "Share of lookups in Redis (keys that were not fresh in memory) that find a fresh entry.", units.PercentUnit,
			query(ratio(hits, "("+hits+" + "+misses+")"), "fresh")).Max(1),
		graph("Used by gateways", "Whether each gateway uses Redis: not while it is disabled after a failure or slow responses.", units.Short,
			query(`cache_redis_up{job="$job",instance=~"$instance"}`, "{{instance}}")).Max(1),
		graph("Failed operations", "Operations per second that failed or took too long; requests continued without them.", units.OpsPerSecond,
			query(`sum by (op) (rate(cache_errors_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{op}}")),
		graph("Dropped writes", "Writes per second dropped because the queue was full.", units.OpsPerSecond,
			query(`sum(rate(cache_writes_dropped_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "dropped")),
		graph("Connections of gateways", "Connections of gateways to Redis, by state.", units.Short,
			query(`sum by (state) (cache_redis_connections{job="$job",instance=~"$instance"})`, "{{state}}")),
		graph("Waiting for a connection", "Commands per second that waited for a connection, and that got none in time.", units.OpsPerSecond,
			query(`sum(rate(cache_redis_pool_waits_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "waited"),
			query(`sum(rate(cache_redis_pool_timeouts_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "in vain")),
	}
}
