package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func upstreams() board {
	return board{
		name: "upstreams", title: "Upstreams",
		about: "The services as the gateways see them. Each service of the gateway has a row.",
		variables: []variable{
			choice("service", "Service", `label_values(upstream_breaker_state{job="$job"}, service_name)`),
		},
		rows: []row{
			{title: "All services", panels: allServices()},
			{title: "$service", repeat: "service", panels: oneService()},
		},
	}
}

func allServices() []cog.Builder[dashboard.Panel] {
	const all = `{job="$job",instance=~"$instance",service_name=~"$service"}`
	const good = `{job="$job",instance=~"$instance",service_name=~"$service",outcome!~"ok|canceled|refused"}`
	return []cog.Builder[dashboard.Panel]{
		stacked("Calls", "Calls to each service per second, each with all its attempts.", units.RequestsPerSecond,
			query(`sum by (service_name) (rate(upstream_call_duration_seconds_count`+all+`[$__rate_interval]))`, "{{service_name}}")),
		withThresholds(0.01, 0.1, graph("Failed calls", "Share of calls that failed, by service; without canceled ones.", units.PercentUnit,
			query(ratio(`sum by (service_name) (rate(upstream_call_duration_seconds_count`+good+`[$__rate_interval]))`,
				`sum by (service_name) (rate(upstream_call_duration_seconds_count`+all+`[$__rate_interval]))`), "{{service_name}}"))),
		graph("Duration", "95th percentile of the duration of calls, with retries and waits.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, service_name) (rate(upstream_call_duration_seconds_bucket`+all+`[$__rate_interval])))`, "{{service_name}}")),
		breakers("Circuits", `upstream_breaker_state`+all),
		graph("In flight", "Requests to each service in flight.", units.Short,
			query(`sum by (service_name) (upstream_in_flight`+all+`)`, "{{service_name}}")),
		graph("Waiting", "Calls that wait for a slot of the bulkhead.", units.Short,
			query(`sum by (service_name) (upstream_queue_length`+all+`)`, "{{service_name}}")),
	}
}

func oneService() []cog.Builder[dashboard.Panel] {
	const one = `{job="$job",instance=~"$instance",service_name=~"$service"}`
	return []cog.Builder[dashboard.Panel]{
		stacked("Calls by outcome", "Calls per second, by outcome.", units.RequestsPerSecond,
			query(`sum by (outcome) (rate(upstream_call_duration_seconds_count`+one+`[$__rate_interval]))`, "{{outcome}}")),
		durations("Duration of calls", "Duration of calls, with retries and waits. A dot links to its trace.",
			`upstream_call_duration_seconds_bucket`+one),
		stacked("Attempts", "Attempts per second: first ones, retries, hedges, and probes of the circuit.", units.RequestsPerSecond,
			query(`sum by (attempt) (rate(upstream_attempts_total`+one+`[$__rate_interval]))`, "{{attempt}}")),
		graph("Duration of attempts", "95th percentile of the duration of attempts, by kind of attempt.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, attempt) (rate(upstream_attempt_duration_seconds_bucket`+one+`[$__rate_interval])))`, "{{attempt}}")),
		stacked("Failures by code", "Failed calls per second, by error code (docs/errors.md).", units.OpsPerSecond,
			query(`sum by (code) (rate(service_errors_total`+one+`[$__rate_interval]))`, "{{code}}")),
		stacked("Writes", "Writes per second, by outcome: executed, not executed, or unknown (docs/writes.md).", units.RequestsPerSecond,
			query(`sum by (outcome) (rate(upstream_writes_total`+one+`[$__rate_interval]))`, "{{outcome}}")),
		graph("Retry budget", "Retries and hedges that the budget allows. At 0, failed calls are not retried.", units.Short,
			query(`min by (service_name) (upstream_retry_budget`+one+`)`, "left")),
		graph("Metrics of the service", "Responses per second by route and status, as the service itself exports them.", units.RequestsPerSecond,
			query(`sum by (endpoint, status) (rate(http_requests_total{job="services",service=~"$service",endpoint!~"/health|/metrics"}[$__rate_interval]))`, "{{endpoint}} {{status}}")),
	}
}
