package grafana_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"tributary/internal/picture"
	"tributary/internal/testkit/watched"
)

var draw = flag.String("picture", "", "draw what the dashboards show of a longer run into this SVG")

// drawn are the panels in the picture.
func drawn() []string {
	return []string{
		"gateway/Answers by status", "gateway/Duration", "graphql/Outcomes",
		"gateway/Failed calls", "gateway/Circuits", "gateway/Served stale",
		"gateway/Hit ratio by tier", "gateway/Trouble with Redis", "redis/Hits and misses",
	}
}

// save draws the panels from what Prometheus has seen of s.
func save(t *testing.T, s *watched.System, spans []picture.Span, file string) {
	t.Helper()
	to := time.Now()
	boards := decoded(t)
	queries := asks(t, boards)
	var panels []picture.Panel
	for _, name := range drawn() {
		board, title, _ := strings.Cut(name, "/")
		i := slices.IndexFunc(boards[board].Panels, func(p dashboard.PanelOrRowPanel) bool {
			return p.Panel != nil && *p.Panel.Title == title
		})
		if i < 0 {
			t.Fatalf("no panel %s", name)
		}
		spec := boards[board].Panels[i].Panel
		p := picture.Panel{
			Title: *boards[board].Title + ": " + title, Unit: *spec.FieldConfig.Defaults.Unit,
			Stacked: strings.Contains(string(indented(t, spec)), `"mode": "normal"`), States: spec.Type == "state-timeline",
		}
		for _, a := range queries {
			if a.board == board && a.title == title {
				p.Lines = append(p.Lines, lines(t, s, a, to)...)
			}
		}
		panels = append(panels, p)
	}
	if err := os.WriteFile(file, picture.SVG(s.Started, to, spans, panels), 0o644); err != nil {
		t.Fatal(err)
	}
}

var placeholder = regexp.MustCompile(`\{\{(\w+)\}\}`)

// lines are the series that a query finds, named by its legend.
func lines(t *testing.T, s *watched.System, a ask, to time.Time) (all []picture.Line) {
	t.Helper()
	found, err := s.Range(strings.ReplaceAll(a.expr, "$__rate_interval", "5s"), s.Started, to, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range found {
		name := placeholder.ReplaceAllStringFunc(a.legend, func(p string) string { return series.Labels[p[2:len(p)-2]] })
		line := picture.Line{Name: name}
		for _, sample := range series.Samples {
			line.Points = append(line.Points, picture.Point{At: sample.At, Value: sample.Value})
		}
		all = append(all, line)
	}
	slices.SortFunc(all, func(a, b picture.Line) int { return strings.Compare(a.Name, b.Name) })
	return all
}
