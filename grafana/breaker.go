package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
)

// breakers shows the states of circuit breakers over time, the worst one of several gateways.
func breakers(title, states string) *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().
		Title(title).
		Description("State of the circuit breaker of each service, the worst of several gateways: closed, half-open (the next calls are probes) or open (no calls, a probe each second).").
		Datasource(source()).
		Unit("none").
		Span(third).
		Height(graphHeight).
		Thresholds(builtThresholds{highIsBad(1, 2)}).
		Mappings([]dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{
			Type: dashboard.MappingTypeValueToText,
			Options: map[string]dashboard.ValueMappingResult{
				"0": {Text: new("closed"), Color: new("green"), Index: new(int32(0))},
				"1": {Text: new("half-open"), Color: new("orange"), Index: new(int32(1))},
				"2": {Text: new("open"), Color: new("red"), Index: new(int32(2))},
			},
		}}}).
		DataLinks(linkToService()).
		WithTarget(query("max by (service_name) ("+states+")", "{{service_name}}").RefId("A"))
}

// linkToService leads from a service on a graph to its own row.
func linkToService() []cog.Builder[dashboard.DashboardLink] {
	return []cog.Builder[dashboard.DashboardLink]{
		dashboard.NewDashboardLinkBuilder("${__field.labels.service_name} in detail").
			Type(dashboard.DashboardLinkTypeLink).
			Url("/d/" + tag + "-upstreams?var-service=${__field.labels.service_name}&${datasource:queryparam}&${job:queryparam}&${__url_time_range}"),
	}
}
