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
		},
	}
}

func operations() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stacked("Outcomes", "Operations a second: complete, partial (data with errors) or refused (not executed).", units.OpsPerSecond,
			query(`sum by (outcome) (rate(graphql_operations_total{job="gateway"}[$__rate_interval]))`, "{{outcome}}")),
	}
}
