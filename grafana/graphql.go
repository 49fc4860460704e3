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
		},
	}
}

func operations() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Outcomes", "Operations a second: complete, partial (data with errors) or refused (not executed).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_operations_total{job="gateway"}[$__rate_interval]))`, "{{outcome}}")),
	}
}

func documents() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Limits hit", "Requests refused a second because they went beyond a limit, by limit (docs/limits.md).", units.OpsPerSecond,
			query(`sum by (limit) (rate(graphql_limit_hits_total{job="gateway"}[$__rate_interval]))`, "{{limit}}")),
		stacked("Documents", "Documents a second that were remembered, and that had to be parsed because they were not.", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_documents_total{job="gateway"}[$__rate_interval]))`, "{{outcome}}")),
		stacked("Documents by name", "Requests a second that named a document instead of sending it, by whether it was found (docs/documents.md).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_persisted_documents_total{job="gateway"}[$__rate_interval]))`, "{{outcome}}")),
		graph("Documents that are not trusted", "Requests a second for a document that is not on the list, where one is kept.", units.OpsPerSecond,
			query(`sum(rate(graphql_untrusted_documents_total{job="gateway"}[$__rate_interval]))`, "not trusted")),
	}
}
