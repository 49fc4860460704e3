package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func graphQL() board {
	return board{
		name: "graphql", title: "GraphQL",
		about: "Operations, what limits keep out, and how well loads are joined into calls.",
		rows: []row{
			{title: "Operations", panels: operations()},
			{title: "Documents and limits", panels: documents()},
			{title: "Batches", panels: batches()},
		},
	}
}

func operations() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Outcomes", "Operations a second: complete, partial (data with errors), refused (not executed) or canceled (the client left).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_operations_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		stacked("Operations by name", "Operations a second, by name. Names that the gateway doesn't know beforehand are other.", units.OpsPerSecond,
			query(`sum by (operation, type) (rate(graphql_operations_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{operation}} {{type}}")),
		graph("Incomplete answers", "The part of operations that are answered with parts missing, by name.", units.PercentUnit,
			query(ratio(`sum by (operation) (rate(graphql_operations_total{job="$job",instance=~"$instance",outcome="partial"}[$__rate_interval]))`,
				`sum by (operation) (rate(graphql_operations_total{job="$job",instance=~"$instance"}[$__rate_interval]))`), "{{operation}}")),
		durations("Duration of operations", "How long operations take. A dot leads to the trace of one.",
			`graphql_operation_duration_seconds_bucket{job="$job",instance=~"$instance"}`),
		graph("Duration by operation", "What one operation in twenty exceeds, by name.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, operation) (rate(graphql_operation_duration_seconds_bucket{job="$job",instance=~"$instance"}[$__rate_interval])))`, "{{operation}}")),
		graph("Duration by phase", "What one operation in twenty exceeds in each phase. Documents that are remembered are not parsed again.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, phase) (rate(graphql_phase_duration_seconds_bucket{job="$job",instance=~"$instance"}[$__rate_interval])))`, "{{phase}}")),
	}
}

func documents() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Limits hit", "Requests refused a second because they went beyond a limit, by limit (docs/limits.md).", units.OpsPerSecond,
			query(`sum by (limit) (rate(graphql_limit_hits_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{limit}}")),
		stacked("Documents", "Documents a second that were remembered, and that had to be parsed because they were not.", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_documents_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		stacked("Documents by name", "Requests a second that named a document instead of sending it, by whether it was found (docs/documents.md).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_persisted_documents_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}")),
		graph("Documents that are not trusted", "Requests a second for a document that is not on the list, where one is kept.", units.OpsPerSecond,
			query(`sum(rate(graphql_untrusted_documents_total{job="$job",instance=~"$instance"}[$__rate_interval]))`, "not trusted")),
	}
}

func batches() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph("Keys per batch", "How many keys a loader asks for at once, on average: the calls that joining them spares.", units.Short,
			query(`sum by (loader) (rate(loader_batch_keys_sum{job="$job",instance=~"$instance"}[$__rate_interval])) / (sum by (loader) (rate(loader_batch_keys_count{job="$job",instance=~"$instance"}[$__rate_interval])) > 0)`, "{{loader}}")),
		stacked("Batches", "Batches a second. One that the cache answers whole needs no call.", units.OpsPerSecond,
			query(`sum by (loader) (rate(loader_batch_keys_count{job="$job",instance=~"$instance"}[$__rate_interval]))`, "{{loader}}")),
		graph("Wait for others", "How long the first key of a batch waits for others, in one batch of twenty or longer.", units.Seconds,
			query(`histogram_quantile(0.95, sum by (le, loader) (rate(loader_batch_wait_seconds_bucket{job="$job",instance=~"$instance"}[$__rate_interval])))`, "{{loader}}")),
	}
}
