package grafana

import (
	"net/url"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// Sizes of panels: a dashboard is 24 wide.
const (
	third       = 8
	sixth       = 4
	graphHeight = 8
	statHeight  = 4
)

// query is a query of Prometheus. {{label}} in the legend is replaced by the label of the series.
func query(expr, legend string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(legend).Range()
}

// graph draws what queries find over time.
func graph(title, about, unit string, queries ...*prometheus.DataqueryBuilder) *timeseries.PanelBuilder {
	p := timeseries.NewPanelBuilder().
		Title(title).
		Description(about).
		Datasource(source()).
		Unit(unit).
		Span(third).
		Height(graphHeight).
		Min(0).
		LineWidth(1).
		FillOpacity(10).
		ShowPoints(common.VisibilityModeNever).
		Thresholds(builtThresholds{plain()}).
		Legend(common.NewVizLegendOptionsBuilder().
			ShowLegend(true).
			DisplayMode(common.LegendDisplayModeList).
			Placement(common.LegendPlacementBottom).
			Calcs([]string{})).
		Tooltip(common.NewVizTooltipOptionsBuilder().
			Mode(common.TooltipDisplayModeMulti).
			Sort(common.SortOrderDescending))
	for i, q := range queries {
		p.WithTarget(q.RefId(string(rune('A' + i))))
	}
	return p
}

// stacked is a graph of parts that add up.
func stacked(title, about, unit string, queries ...*prometheus.DataqueryBuilder) *timeseries.PanelBuilder {
	return graph(title, about, unit, queries...).
		FillOpacity(25).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// withThresholds adds dashed lines at the thresholds of a warning and of a page.
func withThresholds(amber, red float64, p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return p.
		Thresholds(builtThresholds{highIsBad(amber, red)}).
		ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
}

// number is the latest value of one series, green, amber or red.
func number(title, about, unit string, limits dashboard.ThresholdsConfig, q *prometheus.DataqueryBuilder) *stat.PanelBuilder {
	return stat.NewPanelBuilder().
		Title(title).
		Description(about).
		Datasource(source()).
		Unit(unit).
		Span(sixth).
		Height(statHeight).
		Thresholds(builtThresholds{limits}).
		ColorMode(common.BigValueColorModeValue).
		GraphMode(common.BigValueGraphModeArea).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		WithTarget(q.RefId("A"))
}

// quantiles are queries of the median and of the 95th and 99th percentile of a histogram. Their
// exemplars are traced requests.
func quantiles(buckets string) []*prometheus.DataqueryBuilder {
	of := func(quantile, legend string) *prometheus.DataqueryBuilder {
		return query("histogram_quantile("+quantile+", sum by (le) (rate("+buckets+"[$__rate_interval])))", legend)
	}
	return []*prometheus.DataqueryBuilder{of("0.5", "p50"), of("0.95", "p95"), of("0.99", "p99").Exemplar(true)}
}

// durations is a graph of quantiles.
func durations(title, about, buckets string) *timeseries.PanelBuilder {
	return graph(title, about, units.Seconds, quantiles(buckets)...)
}

// ratio divides part by whole. Without a whole it has no value, rather than NaN; without a part
// it is 0.
func ratio(part, whole string) string {
	return "(" + part + " or 0 * " + whole + ") / (" + whole + " > 0)"
}

// highIsBad is for what is bad when it is high, lowIsBad for what is bad when it is low.
func highIsBad(amber, red float64) dashboard.ThresholdsConfig {
	return levels("green", at(amber, "orange"), at(red, "red"))
}

func lowIsBad(red, amber float64) dashboard.ThresholdsConfig {
	return levels("red", at(red, "orange"), at(amber, "green"))
}

// plain is for what is neither good nor bad.
func plain() dashboard.ThresholdsConfig { return levels("blue") }

func levels(lowest string, others ...dashboard.Threshold) dashboard.ThresholdsConfig {
	return dashboard.ThresholdsConfig{
		Mode:  dashboard.ThresholdsModeAbsolute,
		Steps: append([]dashboard.Threshold{{Color: lowest}}, others...),
	}
}

func at(value float64, colour string) dashboard.Threshold {
	return dashboard.Threshold{Value: &value, Color: colour}
}

// builtThresholds is a builder that has nothing left to do.
type builtThresholds struct{ thresholds dashboard.ThresholdsConfig }

// Build implements the SDK's builder.
func (b builtThresholds) Build() (dashboard.ThresholdsConfig, error) { return b.thresholds, nil }

// escape makes text fit into the query of a URL as Grafana's explorer reads it.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
