// Package prometheus_test holds the alerts to what belongs to each: a section in
// the runbook, and unit tests in which it fires and in which it does not. The
// tests themselves are promtool's: `make rules` runs them.
package prometheus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

type alert struct {
	Alert       string
	Labels      map[string]string
	Annotations map[string]string
}

// read reads all YAML files of a folder, one after the other.
func read[T any](t *testing.T, pattern string) (all []T) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var one T
		if err := yaml.Unmarshal(text, &one); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, one)
	}
	return all
}

func alerts(t *testing.T) map[string]alert {
	t.Helper()
	type file struct{ Groups []struct{ Rules []alert } }
	all := map[string]alert{}
	for _, f := range read[file](t, "rules/*.rules.yml") {
		for _, group := range f.Groups {
			for _, rule := range group.Rules {
				if rule.Alert != "" {
					all[rule.Alert] = rule
				}
			}
		}
	}
	return all
}

func TestAlerts_RunbookSections(t *testing.T) {
	text, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(text), "\n## ")[1:] {
		name, body, _ := strings.Cut(s, "\n")
		sections[name] = body
	}
	for name, a := range alerts(t) {
		body, ok := sections[name]
		delete(sections, name)
		if !ok || !strings.Contains(body, "- **Look**") || !strings.Contains(body, "- **Do**") {
			t.Errorf("%s has no section in the runbook that says what to look at and what to do", name)
		}
		if want := "docs/runbook.md#" + strings.ToLower(name); a.Annotations["runbook_url"] != want {
			t.Errorf("%s leads to %q, want %s", name, a.Annotations["runbook_url"], want)
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
			t.Errorf("%s doesn't say what it means", name)
		}
		if s := a.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s has the severity %q", name, s)
		}
	}
	for name := range sections {
		t.Errorf("the runbook has a section for %s, and no rule is called that", name)
	}
}

func TestRunbook_PanelsExist(t *testing.T) {
	text, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]bool{"A gateway started": true} // a mark on all graphs
	type board struct{ Panels []struct{ Title string } }
	for _, b := range read[board](t, "../grafana/dashboards/*.json") {
		for _, p := range b.Panels {
			titles[p.Title] = true
		}
	}
	prose := regexp.MustCompile("(?s)`[^`]*`").ReplaceAllString(string(text), "")
	named := regexp.MustCompile(`"([A-Z][^"]+)"`).FindAllStringSubmatch(prose, -1)
	if len(named) < 20 {
		t.Errorf("found %d names of panels: does this test still read the page?", len(named))
	}
	for _, name := range named {
		if title := strings.Join(strings.Fields(name[1]), " "); !titles[title] {
			t.Errorf("the runbook sends its reader to %q, and no panel is called that", title)
		}
	}
}

func TestAlerts_FireAndStaySilent(t *testing.T) {
	type file struct {
		Tests []struct {
			Alerts []struct {
				Name   string `yaml:"alertname"`
				Expect []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, f := range read[file](t, "tests/*_test.yml") {
		for _, test := range f.Tests {
			for _, a := range test.Alerts {
				fires[a.Name] = fires[a.Name] || len(a.Expect) > 0
				rests[a.Name] = rests[a.Name] || len(a.Expect) == 0
			}
		}
	}
	for name := range alerts(t) {
		if !fires[name] || !rests[name] {
			t.Errorf("%s: seen to fire %t, seen not to fire %t", name, fires[name], rests[name])
		}
	}
}
