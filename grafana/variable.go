package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// variable is a list at the top of a dashboard; queries name its value as $name.
type variable = cog.Builder[dashboard.VariableModel]

// shared are the variables of every dashboard. A data source or job is one that exists, so
// that the dashboards work in any Grafana, and for any name of the gateways' job.
func shared() []variable {
	return []variable{
		dashboard.NewDatasourceVariableBuilder("datasource").
			Label("Data source").
			Type("prometheus"),
		dashboard.NewQueryVariableBuilder("job").
			Label("Job").
			Datasource(source()).
			Query(values(`label_values(tributary_build_info, job)`)).
			Refresh(dashboard.VariableRefreshOnDashboardLoad).
			Sort(dashboard.VariableSortAlphabeticalAsc),
		choice("instance", "Gateway", `label_values(tributary_build_info{job="$job"}, instance)`),
	}
}

// choice is a variable of which any number of values may be chosen, at first all. query is
// one of Grafana's functions for Prometheus, such as label_values.
func choice(name, label, query string) variable {
	all := dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}}
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Datasource(source()).
		Query(values(query)).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).
		IncludeAll(true).
		Current(dashboard.VariableOption{
			Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
			Value: all,
		})
}

func values(query string) dashboard.StringOrMap { return dashboard.StringOrMap{String: &query} }
