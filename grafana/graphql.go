package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func graphQL() board {
	return board{
		name: "graphql", title: "GraphQL",
		about: "Operations, rejected documents, and batching of loads.",
		rows: []row{
			{title: "Operations", panels: operations()},
			{title: "Documents and limits", panels: documents()},
			{title: "Batches", panels: batches()},
		},
	}
}

func operations() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Outcomes", "Operations per second: complete, partial (data with errors), refused (not executed) or canceled (the client disconnected).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_operations_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		stacked("Operations by name", "Operations per second, by name; other: unless known beforehand.", units.OpsPerSecond,
			query(`sum by (operation, type) (rate(graphql_operations_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{operation}} {{type}}")),
		graph("Incomplete responses", "Share of operations whose response has missing parts, by name.", units.PercentUnit,
			query(ratio(`sum by (operation) (rate(graphql_operations_total{job="$job",instance=~"$instance",outcome="partial"}[$__rate_interval]))`,
				`sum by (operation) (rate(graphql_operations_total{job="$job",instance=~"$instance"}[$__rate_interval]))`), "{{operation}}")),
		durations("Duration of operations", "Duration of operations. A dot links to a trace.",
			`graphql_operation_duration_seconds_bucket{job="$job",instance=~"$instance"}`),
		graph("Duration by operation", "95th percentile, by name.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, operation) (rate(graphql_operation_duration_seconds_bucket{job="$job",instance=~"$instance"}[$__rate_interval])))`, "{{operation}}")),
		graph("Duration by phase", "95th percentile of each phase. Cached documents are not parsed again.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, phase) (rate(graphql_phase_duration_seconds_bucket{job="$job",instance=~"$instance"}[$__rate_interval])))`, "{{phase}}")),
	}
}

func documents() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Limits hit", "Requests rejected per second because they exceeded a limit, by limit (docs/limits.md).", units.OpsPerSecond,
			query(`sum by (limit) (rate(graphql_limit_hits_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{limit}}")),
		stacked("Documents", "Documents per second: cached, or parsed.", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_documents_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		stacked("Documents by name", "Requests for persisted documents per second, by outcome (docs/documents.md).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_persisted_documents_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		graph("Documents that are not trusted", "Requests with untrusted documents per second, in the modes log and enforce.", units.OpsPerSecond,
			query(`sum(rate(graphql_untrusted_documents_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "not trusted")),
	}
}

func batches() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Keys per batch", "Mean number of keys in a batch of each loader.", units.Short,
			query(`sum by (loader) (rate(loader_batch_keys_sum{job="$job",instance=~"$instance"}[$__rate_interval])) / (sum by (loader) (rate(loader_batch_keys_count{job="$job",instance=~"$instance"}[$__rate_interval])) > 0)`, "{{loader}}")),
		stacked("Batches", "Batches per second. A batch that the cache answers completely needs no call.", units.OpsPerSecond,
			query(`sum by (loader) (rate(loader_batch_keys_count{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{loader}}")),
		graph("Wait for others", "95th percentile of how long the first key of a batch waits for others.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, loader) (rate(loader_batch_wait_seconds_bucket{job="$job",instance=~"$instance"}[$__rate_interval])))`, "{{loader}}")),
	}
}
