// Package grafana defines the dashboards in Go. The JSON in the folder dashboards, which Grafana
// reads, is generated:
//
//	go generate ./grafana
//
// A test decodes that JSON strictly and runs the expression of every panel against a real
// Prometheus that has scraped a real gateway.
package grafana

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

//go:generate go run ./generate

// tag is what all dashboards have, and are found by.
const tag = "tributary"

// board is a dashboard: rows of panels under a title.
type board struct {
	name      string // of its file, and at the end of its uid
	title     string
	about     string
	variables []variable // besides those that all have
	rows      []row
}

// row is a heading and the panels below it. With repeat it is there once for
// each value of that variable.
type row struct {
	title  string
	repeat string
	panels []cog.Builder[dashboard.Panel]
}

// Boards returns the dashboards as Grafana reads them, by the name of their file.
func Boards() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, b := range []board{gateway(), upstreams(), graphQL(), redis(), system()} {
		d, err := b.build()
		if err != nil {
			return nil, fmt.Errorf("dashboard %s: %w", b.name, err)
		}
		text, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("dashboard %s: %w", b.name, err)
		}
		files[b.name+".json"] = append(text, '\n')
	}
	return files, nil
}

func (b board) build() (dashboard.Dashboard, error) {
	builder := dashboard.NewDashboardBuilder(b.title).
		Uid(tag+"-"+b.name).
		Description(b.about).
		Tags([]string{tag}).
		Readonly(). // the files are the dashboards
		Time("now-30m", "now").
		Refresh("10s").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Variables(append(shared(), b.variables...)).
		Links([]cog.Builder[dashboard.DashboardLink]{linksToDashboards(), linkToTraces()}).
		Annotation(alerts()).
		Annotation(restartAnnotations())
	for _, r := range b.rows {
		heading := dashboard.NewRowBuilder(r.title)
		if r.repeat != "" {
			heading.Repeat(r.repeat)
		}
		builder.WithRow(heading)
		for _, p := range r.panels {
			builder.WithPanel(p)
		}
	}
	d, err := builder.Build()
	for i := range d.Links {
		d.Links[i].Placement = nil // above the panels, where they are seen
	}
	for i := range d.Panels { // so that a panel has an address of its own
		if id := uint32(i + 1); d.Panels[i].Panel != nil {
			d.Panels[i].Panel.Id = &id
		} else {
			d.Panels[i].RowPanel.Id = id
		}
	}
	return d, err
}

// source is the data source of all panels: the Prometheus that the variable chooses.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
}

// linksToDashboards links a dashboard to all that have the tag.
func linksToDashboards() cog.Builder[dashboard.DashboardLink] {
	return dashboard.NewDashboardLinkBuilder("Tributary").
		Type(dashboard.DashboardLinkTypeDashboards).
		Tags([]string{tag}).
		IncludeVars(true).
		KeepTime(true)
}

// linkToTraces links to the gateway's latest traces; they are there while tracing is on.
func linkToTraces() cog.Builder[dashboard.DashboardLink] {
	const search = `{"traces":{"datasource":"jaeger","queries":[{"refId":"A","datasource":{"type":"jaeger","uid":"jaeger"},` +
		`"queryType":"search","service":"api-gateway"}],"range":{"from":"now-30m","to":"now"}}}`
	return dashboard.NewDashboardLinkBuilder("Traces").
		Type(dashboard.DashboardLinkTypeLink).
		Icon("bolt").
		Tooltip("The latest traces in Jaeger: start the stack with TRACING=1").
		Url("/explore?schemaVersion=1&panes=" + escape(search))
}

// alerts marks on every graph when an alert fired.
func alerts() cog.Builder[dashboard.AnnotationQuery] {
	return dashboard.NewAnnotationQueryBuilder().
		Name("Alerts").
		Datasource(source()).
		IconColor("red").
		Expr(`ALERTS{alertstate="firing"}`).
		TitleFormat("{{alertname}}").
		TextFormat("{{service_name}} {{instance}}").
		TagKeys("severity").
		Step("10s")
}

// restartAnnotations marks on every graph when a gateway was started.
func restartAnnotations() cog.Builder[dashboard.AnnotationQuery] {
	return dashboard.NewAnnotationQueryBuilder().
		Name("Starts").
		Datasource(source()).
		IconColor("blue").
		Expr(`changes(process_start_time_seconds{job="$job",instance=~"$instance"}[1m]) > 0`).
		TitleFormat("A gateway started").
		TextFormat("{{instance}}").
		Step("10s")
}
