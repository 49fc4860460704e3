package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func upstreams() board {
	return board{
		name: "upstreams", title: "Upstreams",
		about: "The services as the gateways see them. A service that is added to the gateway has a row here by itself.",
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
		stacked("Calls", "Calls to each service a second, each with all its attempts.", units.RequestsPerSecond,
			query(`sum by (service_name) (rate(upstream_call_duration_seconds_count`+all+`[$__rate_interval]))`, "{{service_name}}")),
		withThresholds(0.01, 0.1, graph("Failed calls", "The part of calls that gave nothing of use, by service. Calls that nobody waits for any more don't count.", units.PercentUnit,
			query(ratio(`sum by (service_name) (rate(upstream_call_duration_seconds_count`+good+`[$__rate_interval]))`,
				`sum by (service_name) (rate(upstream_call_duration_seconds_count`+all+`[$__rate_interval]))`), "{{service_name}}"))),
		graph("Duration", "What one call in twenty exceeds, retries and waits included.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, service_name) (rate(upstream_call_duration_seconds_bucket`+all+`[$__rate_interval])))`, "{{service_name}}")),
		breakers("Circuits", `upstream_breaker_state`+all),
		graph("Under way", "Requests to each service at this moment.", units.Short,
			query(`sum by (service_name) (upstream_in_flight`+all+`)`, "{{service_name}}")),
		graph("Waiting", "Calls that wait because as many as may are under way.", units.Short,
			query(`sum by (service_name) (upstream_queue_length`+all+`)`, "{{service_name}}")),
	}
}

func oneService() []cog.Builder[dashboard.Panel] {
	const one = `{job="$job",instance=~"$instance",service_name=~"$service"}`
	return []cog.Builder[dashboard.Panel]{
		stacked("Calls by outcome", "Calls a second, by what came of them.", units.RequestsPerSecond,
			query(`sum by (outcome) (rate(upstream_call_duration_seconds_count`+one+`[$__rate_interval]))`, "{{outcome}}")),
		durations("Duration of calls", "How long calls take, retries and waits included. A dot leads to its trace.",
			`upstream_call_duration_seconds_bucket`+one),
		stacked("Attempts", "Requests made a second: the first of a call, retries, hedges, and probes of a half-open circuit.", units.RequestsPerSecond,
			query(`sum by (attempt) (rate(upstream_attempts_total`+one+`[$__rate_interval]))`, "{{attempt}}")),
		graph("Duration of attempts", "What one request in twenty exceeds, without the waits of a call, by which of the call's requests it is.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, attempt) (rate(upstream_attempt_duration_seconds_bucket`+one+`[$__rate_interval])))`, "{{attempt}}")),
		stacked("Failures by code", "Calls that gave nothing of use, a second, by error code (docs/errors.md).", units.OpsPerSecond,
			query(`sum by (code) (rate(service_errors_total`+one+`[$__rate_interval]))`, "{{code}}")),
		stacked("Writes", "Calls that change something, a second, by outcome: executed, surely not executed, or unknown (docs/writes.md).", units.RequestsPerSecond,
			query(`sum by (outcome) (rate(upstream_writes_total`+one+`[$__rate_interval]))`, "{{outcome}}")),
		graph("Retry budget", "Retries and hedges that are paid for. At none, failed calls are not made again.", units.Short,
			query(`min by (service_name) (upstream_retry_budget`+one+`)`, "left")),
		graph("Its own view", "What the service itself says: requests answered a second, by route and status.", units.RequestsPerSecond,
			query(`sum by (endpoint, status) (rate(http_requests_total{job="services",service=~"$service",endpoint!~"/health|/metrics"}[$__rate_interval]))`, "{{endpoint}} {{status}}")),
	}
}
