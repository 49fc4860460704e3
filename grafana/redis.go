package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func redis() board {
	return board{
		name: "redis", title: "Redis",
		about: "The cache that gateways share. They do without it when it is gone, and ask services more often.",
		variables: []variable{
			choice("redis", "Redis", `label_values(redis_up, instance)`),
		},
		rows: []row{
			{title: "Now", panels: redisNow()},
			{title: "Use", panels: redisUse()},
			{title: "Memory", panels: redisMemory()},
			{title: "As the gateways see it", panels: redisSeen()},
		},
	}
}

func redisNow() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		number("Up", "Whether Redis answers its exporter: 1 when it does.", units.Short, lowIsBad(1, 1),
			query(`min(redis_up{instance=~"$redis"})`, "up")),
		number("Hit ratio", "The part of keys looked for that are there, over five minutes.", units.PercentUnit, lowIsBad(0.05, 0.2),
			query(`sum(rate(redis_keyspace_hits_total{instance=~"$redis"}[5m])) / (sum(rate(redis_keyspace_hits_total{instance=~"$redis"}[5m])) + sum(rate(redis_keyspace_misses_total{instance=~"$redis"}[5m])))`, "hits")),
		number("Commands", "Commands a second.", units.OpsPerSecond, plain(),
			query(`sum(rate(redis_commands_processed_total{instance=~"$redis"}[$__rate_interval]))`, "commands")),
		number("Memory used", "The part of the memory it may have that is in use. A cache that is full drops what is asked for least.", units.PercentUnit, highIsBad(0.9, 1.1),
			query(`max(redis_memory_used_bytes{instance=~"$redis"} / (redis_memory_max_bytes{instance=~"$redis"} > 0))`, "used")),
		number("Clients", "Clients that are connected.", units.Short, highIsBad(500, 5000),
			query(`sum(redis_connected_clients{instance=~"$redis"})`, "clients")),
		number("Up for", "How long Redis has run. It starts empty.", units.Seconds, plain(),
			query(`min(redis_uptime_in_seconds{instance=~"$redis"})`, "uptime")),
	}
}

func redisUse() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Commands by name", "Commands a second.", units.OpsPerSecond,
			query(`sum by (cmd) (rate(redis_commands_total{instance=~"$redis"}[$__rate_interval])) > 0`, "{{cmd}}")),
		graph("Hits and misses", "Keys looked for, a second.", units.OpsPerSecond,
			query(`sum(rate(redis_keyspace_hits_total{instance=~"$redis"}[$__rate_interval]))`, "hits"),
			query(`sum(rate(redis_keyspace_misses_total{instance=~"$redis"}[$__rate_interval]))`, "misses")),
		graph("Time per command", "Processor time that a command takes on average, by name.", units.Seconds,
			query(`sum by (cmd) (rate(redis_commands_duration_seconds_total{instance=~"$redis"}[$__rate_interval])) / (sum by (cmd) (rate(redis_commands_total{instance=~"$redis"}[$__rate_interval])) > 0)`, "{{cmd}}")),
		graph("Connections", "Clients that are connected, and those that are blocked.", units.Short,
			query(`sum(redis_connected_clients{instance=~"$redis"})`, "connected"),
			query(`sum(redis_blocked_clients{instance=~"$redis"})`, "blocked")),
		graph("Network", "Bytes a second, as Redis counts them.", units.BytesPerSecondIEC,
			query(`sum(rate(redis_net_input_bytes_total{instance=~"$redis"}[$__rate_interval]))`, "in"),
			query(`sum(rate(redis_net_output_bytes_total{instance=~"$redis"}[$__rate_interval]))`, "out")),
		graph("Processor", "Processor seconds a second. Redis works on one core.", units.Short,
			query(`sum(rate(redis_cpu_user_seconds_total{instance=~"$redis"}[$__rate_interval]))`, "user"),
			query(`sum(rate(redis_cpu_sys_seconds_total{instance=~"$redis"}[$__rate_interval]))`, "system")),
	}
}

func redisMemory() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Memory", "What the data take, what the process has of the machine, and what the data may take.", units.BytesIEC,
			query(`redis_memory_used_bytes{instance=~"$redis"}`, "used"),
			query(`redis_memory_used_rss_bytes{instance=~"$redis"}`, "resident"),
			query(`redis_memory_max_bytes{instance=~"$redis"} > 0`, "limit")),
		graph("Keys", "Keys that are there, and of those the ones that end by themselves.", units.Short,
			query(`sum(redis_db_keys{instance=~"$redis"})`, "keys"),
			query(`sum(redis_db_keys_expiring{instance=~"$redis"})`, "with an end")),
		graph("Keys gone", "Keys a second that ended (expired), or had to make room (evicted).", units.OpsPerSecond,
			query(`sum(rate(redis_expired_keys_total{instance=~"$redis"}[$__rate_interval]))`, "expired"),
			query(`sum(rate(redis_evicted_keys_total{instance=~"$redis"}[$__rate_interval]))`, "evicted")),
	}
}

func redisSeen() []cog.Builder[dashboard.Panel] {
	const hits, misses = `sum(rate(cache_hits_total{job="$job",instance=~"$instance",cache_type="redis"}[$__rate_interval]))`,
		`sum(rate(cache_misses_total{job="$job",instance=~"$instance",cache_type="redis"}[$__rate_interval]))`
	return []cog.Builder[dashboard.Panel]{
		graph("Fresh in Redis", "The part of keys that gateways look for in Redis, having them not in memory, and find fresh.", units.PercentUnit,
			query(ratio(hits, "("+hits+" + "+misses+")"), "fresh")).Max(1),
		graph("Used by gateways", "Whether each gateway uses Redis: not while it failed just now, or answers slowly.", units.Short,
			query(`cache_redis_up{job="$job",instance=~"$instance"}`, "{{instance}}")).Max(1),
		graph("Failed operations", "Operations a second that failed, or took too long, and were gone on without.", units.OpsPerSecond,
			query(`sum by (op) (rate(cache_errors_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{op}}")),
		graph("Writes given up", "Writes a second that were dropped because too many waited.", units.OpsPerSecond,
			query(`sum(rate(cache_writes_dropped_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "dropped")),
		graph("Connections of gateways", "Connections that gateways have to Redis, by whether they are in use.", units.Short,
			query(`sum by (state) (cache_redis_connections{job="$job",instance=~"$instance"})`, "{{state}}")),
		graph("Waiting for a connection", "Commands a second that waited for a connection, and that did so in vain.", units.OpsPerSecond,
			query(`sum(rate(cache_redis_pool_waits_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "waited"),
			query(`sum(rate(cache_redis_pool_timeouts_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "in vain")),
	}
}
