package grafana_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"

	"tributary/grafana"
)

// decoded decodes the dashboards strictly: the JSON has only known fields. (The SDK's own strict
// decoding accepts some unknown ones.)
func decoded(t *testing.T) map[string]dashboard.Dashboard {
	t.Helper()
	plugins.RegisterDefaultPlugins()
	files, err := filepath.Glob("dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	boards := map[string]dashboard.Dashboard{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard.Dashboard
		if err := json.Unmarshal(text, &d); err != nil || len(d.Panels) == 0 {
			t.Errorf("%s: %d panels, %v", file, len(d.Panels), err)
		}
		if again := indented(t, d); !bytes.Equal(text, again) {
			t.Errorf("%s has fields that Grafana doesn't know, or lacks some: %s", file, firstDifference(text, again))
		}
		boards[strings.TrimSuffix(filepath.Base(file), ".json")] = d
	}
	return boards
}

func firstDifference(is, due []byte) string {
	wants := bytes.Split(due, []byte("\n"))
	for i, line := range bytes.Split(is, []byte("\n")) {
		if i >= len(wants) || !bytes.Equal(line, wants[i]) {
			return fmt.Sprintf("line %d, %s", i+1, bytes.TrimSpace(line))
		}
	}
	return "at its end"
}

// indented is what a dashboard, or a part of one, is in a file.
func indented(t *testing.T, part any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(part, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// ask is one query of one panel, and the variable by which its row is repeated.
type ask struct{ board, title, repeat, expr, legend string }

func asks(t *testing.T, boards map[string]dashboard.Dashboard) (all []ask) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(boards)) {
		repeat := ""
		for _, p := range boards[name].Panels {
			if p.RowPanel != nil {
				repeat = ""
				if p.RowPanel.Repeat != nil {
					repeat = *p.RowPanel.Repeat
				}
				continue
			}
			for _, target := range p.Panel.Targets {
				q, ok := target.(*prometheus.Dataquery)
				if !ok {
					t.Fatalf("%s, %s: a query of type %T", name, *p.Panel.Title, target)
				}
				all = append(all, ask{name, *p.Panel.Title, repeat, q.Expr, *q.LegendFormat})
			}
		}
	}
	return all
}

func TestBoards_Golden(t *testing.T) {
	boards, err := grafana.Boards()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("dashboards/*")
	if err != nil || len(files) != len(boards) {
		t.Errorf("%d files for %d dashboards: %v", len(files), len(boards), err)
	}
	for name, want := range boards {
		got, err := os.ReadFile(filepath.Join("dashboards", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what it would be (%v): run 'go generate ./grafana'", name, err)
		}
	}
}

func TestBoards_PanelsDescribed(t *testing.T) {
	for name, d := range decoded(t) {
		titles := map[string]bool{}
		for _, p := range d.Panels {
			if p.Panel == nil {
				continue
			}
			title := *p.Panel.Title
			if titles[title] {
				t.Errorf("%s has two panels called %s", name, title)
			}
			titles[title] = true
			if p.Panel.Description == nil || !strings.HasSuffix(*p.Panel.Description, ".") {
				t.Errorf("%s, %s: no sentence about it", name, title)
			}
			config := p.Panel.FieldConfig
			if config == nil || config.Defaults.Unit == nil || *config.Defaults.Unit == "" {
				t.Errorf("%s, %s: no unit", name, title)
			}
			if config == nil || config.Defaults.Thresholds == nil || len(config.Defaults.Thresholds.Steps) == 0 {
				t.Errorf("%s, %s: no thresholds", name, title)
			}
			if len(p.Panel.Targets) == 0 {
				t.Errorf("%s, %s: no query", name, title)
			}
		}
	}
}

func TestBoards_Links(t *testing.T) {
	for name, d := range decoded(t) {
		var toOthers, toTraces bool
		for _, link := range d.Links {
			toOthers = toOthers || link.Type == dashboard.DashboardLinkTypeDashboards && slices.Equal(link.Tags, []string{"tributary"})
			toTraces = toTraces || link.Url != nil && strings.HasPrefix(*link.Url, "/explore?") && strings.Contains(*link.Url, "jaeger")
		}
		if !toOthers || !toTraces || !slices.Contains(d.Tags, "tributary") {
			t.Errorf("%s: links %+v, tags %v", name, d.Links, d.Tags)
		}
	}
}
