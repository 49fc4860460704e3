package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// Requests of clients: probes and scrapes are not. Those for data are the ones
// that the objective for durations is about.
const (
	clients = `{job="$job",instance=~"$instance",endpoint!~"/livez|/readyz|/health|/metrics"}`
	failed  = `{job="$job",instance=~"$instance",endpoint!~"/livez|/readyz|/health|/metrics",status=~"5.."}`
	data    = `{job="$job",instance=~"$instance",endpoint=~"/graphql.*|/api/.*"}`
	inTime  = `{job="$job",instance=~"$instance",endpoint=~"/graphql.*|/api/.*",le="0.5"}`
	memory  = `{job="$job",instance=~"$instance",cache_type="memory"}`
)

func gateway() board {
	return board{
		name: "gateway", title: "Gateway",
		about: "Requests of clients, degradation when services fail, and saturation of the gateways.",
		rows: []row{
			{title: "Now", panels: gatewayNow()},
			{title: "Clients", panels: gatewayClients()},
			{title: "Cache", panels: gatewayCache()},
			{title: "Degradation", panels: gatewayDegradation()},
			{title: "Writes", panels: gatewayWrites()},
			{title: "Viewers", panels: gatewayViewers()},
			{title: "Saturation", panels: gatewaySaturation()},
		},
	}
}

func gatewayNow() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		number("Requests", "Responses to clients per second.", units.RequestsPerSecond, plain(),
			query(`sum(rate(http_requests_total`+clients+`[$__rate_interval]))`, "requests")),
		number("Failed", "Share of requests answered with a 5xx status, over five minutes. The objective allows 0.1 %.",
			units.PercentUnit, highIsBad(0.001, 0.0144),
			query(ratio(`sum(rate(http_requests_total`+failed+`[5m]))`, `sum(rate(http_requests_total`+clients+`[5m]))`), "failed")),
		number("Slow", "Share of requests for data that take more than half a second, over five minutes. The objective allows 1 %.",
			units.PercentUnit, highIsBad(0.01, 0.144),
			query(`1 - sum(rate(http_request_duration_seconds_bucket`+inTime+`[5m])) / (sum(rate(http_request_duration_seconds_count`+data+`[5m])) > 0)`, "slow")),
		number("From cache", "Share of keys found fresh in memory.", units.PercentUnit, lowIsBad(0.1, 0.3),
			query(ratio(`sum(rate(cache_hits_total`+memory+`[5m]))`, `(sum(rate(cache_hits_total`+memory+`[5m])) + sum(rate(cache_misses_total`+memory+`[5m])))`), "hits")),
		number("Open circuits", "Services whose circuit is open on a gateway, because they failed too often.",
			units.Short, highIsBad(1, 2),
			query(`count(max by (service_name) (upstream_breaker_state{job="$job",instance=~"$instance"}) >= 1) or vector(0)`, "open")),
		number("Alerts", "Alerts that fire; docs/runbook.md says what to do about each.", units.Short, highIsBad(1, 2),
			query(`sum(ALERTS{alertstate="firing"}) or vector(0)`, "firing")),
	}
}

func gatewayClients() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Requests by endpoint", "Responses per second, by route pattern; without probes and scrapes.", units.RequestsPerSecond,
			query(`sum by (endpoint) (rate(http_requests_total`+clients+`[$__rate_interval]))`, "{{endpoint}}")),
		withThresholds(0.001, 0.0144, graph("Server errors", "Share of requests answered with a 5xx status. The lines are the objective, and the rate at which it pages.",
			units.PercentUnit,
			query(ratio(`sum(rate(http_requests_total`+failed+`[$__rate_interval]))`, `sum(rate(http_requests_total`+clients+`[$__rate_interval]))`), "5xx"))),
		withThresholds(0.5, 1, durations("Duration", "How long requests for data take. A dot is a traced request and links to its trace.",
			`http_request_duration_seconds_bucket`+data)),
		stacked("Responses by status", "Responses per second, by HTTP status. 294: data with errors. 499: the client disconnected before the response.", units.RequestsPerSecond,
			query(`sum by (status) (rate(http_requests_total`+clients+`[$__rate_interval]))`, "{{status}}")),
		graph("Duration by endpoint", "95th percentile of the duration of requests, by route pattern.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, endpoint) (rate(http_request_duration_seconds_bucket`+data+`[$__rate_interval])))`, "{{endpoint}}")),
		durations("Duration of aggregations", "Duration of the operations behind REST routes, if the response is not cached.",
			`aggregation_duration_seconds_bucket{job="$job",instance=~"$instance"}`),
	}
}

func gatewayCache() []cog.Builder[dashboard.Panel] {
	const hits, misses = `sum by (cache_type) (rate(cache_hits_total{job="$job",instance=~"$instance"}[$__rate_interval]))`,
		`sum by (cache_type) (rate(cache_misses_total{job="$job",instance=~"$instance"}[$__rate_interval]))`
	return []cog.Builder[dashboard.Panel]{
		graph("Hit ratio by tier", "Share of lookups that a tier answers fresh: whole responses, then keys in memory, then keys in Redis.", units.PercentUnit,
			query(ratio(hits, "("+hits+" + "+misses+")"), "{{cache_type}}")).Max(1),
		stacked("Lookups by tier", "Lookups of whole responses and of keys per second, by tier and outcome.", units.OpsPerSecond,
			query(hits, "{{cache_type}} hit"),
			query(misses, "{{cache_type}} miss")),
		graph("Memory of the cache", "Approximate size of entries and of whole responses, over all gateways.", units.BytesIEC,
			query(`sum by (cache_type) (cache_bytes{job="$job",instance=~"$instance"})`, "{{cache_type}}")),
		graph("Entries", "Approximate number of entries and of whole responses, over all gateways.", units.Short,
			query(`sum by (cache_type) (cache_entries{job="$job",instance=~"$instance"})`, "{{cache_type}}")),
		graph("Evictions", "Entries evicted per second to make room (BFF_CACHE_MEMORY_MB).", units.OpsPerSecond,
			query(`sum by (cache_type) (rate(cache_evictions_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{cache_type}}")),
		graph("Age of served entries", "Age of cached entries when they are served. Older than the TTL: stale, because the service fails.", units.Seconds,
			quantiles(`cache_served_age_seconds_bucket{job="$job",instance=~"$instance"}`)...),
		graph("Shared loads", "Keys per second that needed no call of their own: in flight on this gateway (coalesced) or loaded by another one (peer).", units.OpsPerSecond,
			query(`sum(rate(cache_coalesced_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "coalesced"),
			query(`sum(rate(cache_peer_loads_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "peer")),
		graph("Refreshes ahead", "Keys per second refreshed in the background before they expire, by outcome.", units.OpsPerSecond,
			query(`sum by (outcome) (rate(cache_refreshes_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		graph("Redis errors", "Failed operations on the shared cache per second, and writes dropped because the queue was full. Requests continue without it.",
			units.OpsPerSecond,
			query(`sum by (op) (rate(cache_errors_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{op}} failed"),
			query(`sum(rate(cache_writes_dropped_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "writes dropped")),
	}
}

func gatewayDegradation() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Served stale", "Keys per second answered with a stale entry, because the service failed.", units.OpsPerSecond,
			query(`sum by (service_name) (rate(cache_stale_served_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{service_name}}")),
		stacked("Failed calls", "Failed calls per second, by service and error code (docs/errors.md).", units.OpsPerSecond,
			query(`sum by (service_name, code) (rate(service_errors_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{service_name}} {{code}}")).
			DataLinks(linkToService()),
		breakers("Circuits", `upstream_breaker_state{job="$job",instance=~"$instance"}`),
	}
}

func gatewayWrites() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Mutations", "Mutations a second, by outcome: complete, partial (data with errors), refused (not executed) or canceled (the client disconnected).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_operations_total{job="$job",instance=~"$instance",type="mutation"}[$__rate_interval]))`, "{{outcome}}")),
		stacked("Writes by outcome", "Calls that change something, a second: executed, surely not executed, or unknown (docs/writes.md).", units.OpsPerSecond,
			query(`sum by (service_name, outcome) (rate(upstream_writes_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{service_name}} {{outcome}}")).
			DataLinks(linkToService()),
		stacked("Reads after writes", "Requests with Tributary-Seen a second: the purge was known (current), came while they waited (waited), or did not (past: they read past the cache).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(cache_seen_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
	}
}

func gatewayViewers() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Tokens", "Requests per second by outcome of their token: accepted, expired, invalid, missing or unavailable (no keys to verify it). Empty without BFF_AUTH_JWKS.", units.RequestsPerSecond,
			query(`sum by (outcome) (rate(auth_tokens_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		graph("Age of the key set", "Time since each gateway fetched the identity provider's keys.", units.Seconds,
			query(`auth_keys_age_seconds{job="$job",instance=~"$instance"} >= 0`, "{{instance}}")),
		graph("Over their share", "Operations refused a second because their client has too many under way (BFF_MAX_OPERATIONS_PER_CLIENT).", units.OpsPerSecond,
			query(`sum(rate(admission_client_operations_rejected_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "rejected")),
	}
}

func gatewaySaturation() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Requests in flight", "Requests in flight, by gateway.", units.Short,
			query(`http_active_requests{job="$job",instance=~"$instance"}`, "{{instance}}")),
		graph("Operations shed", "Operations rejected per second because the queue was full or the wait too long.", units.OpsPerSecond,
			query(`sum by (reason) (rate(admission_operations_shed_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{reason}}"),
			query(`sum(rate(admission_bodies_shed_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "no room for its body")),
		graph("Operations in flight", "Operations being executed and waiting, over all gateways.", units.Short,
			query(`sum(admission_operations_running{job="$job",instance=~"$instance"})`, "running"),
			query(`sum(admission_operations_waiting{job="$job",instance=~"$instance"})`, "waiting")),
		graph("Queued calls", "Calls that wait for a slot of their service's bulkhead (BFF_UPSTREAM_CONCURRENCY).", units.Short,
			query(`sum by (service_name) (upstream_queue_length{job="$job",instance=~"$instance"})`, "{{service_name}}")),
		graph("Processor", "CPU seconds per second (cores), by gateway. The stack allows each two.", units.Short,
			query(`rate(process_cpu_seconds_total{job="$job",instance=~"$instance"}[$__rate_interval])`, "{{instance}}")),
		graph("Memory", "Resident memory of each gateway, and its live heap. The stack allows each 256 MiB.", units.BytesIEC,
			query(`process_resident_memory_bytes{job="$job",instance=~"$instance"}`, "{{instance}} resident"),
			query(`go_memstats_heap_inuse_bytes{job="$job",instance=~"$instance"}`, "{{instance}} heap")),
		graph("Goroutines", "Goroutines of each gateway: some for each request in flight. A number that only rises is a leak.", units.Short,
			query(`go_goroutines{job="$job",instance=~"$instance"}`, "{{instance}}")),
		graph("Garbage collection", "Share of time in which garbage collection stopped the world, by gateway.", units.PercentUnit,
			query(`rate(go_gc_duration_seconds_sum{job="$job",instance=~"$instance"}[$__rate_interval])`, "{{instance}}")),
		graph("Open files", "Files and connections that each gateway has open.", units.Short,
			query(`process_open_fds{job="$job",instance=~"$instance"}`, "{{instance}}")),
		graph("Panics", "Panics of handlers, resolvers and background loads per second. Each failed one request, one field or nothing, and is in the log with its stack.", units.OpsPerSecond,
			query(`sum(rate(http_panics_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "handlers"),
			query(`sum(rate(graphql_panics_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "resolvers"),
			query(`sum(rate(cache_panics_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "loads in the background")),
		graph("Versions", "Gateways by version.", units.Short,
			query(`count by (version) (tributary_build_info{job="$job",instance=~"$instance"})`, "{{version}}")),
	}
}
