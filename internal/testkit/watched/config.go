package watched

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
)

// config is what is changed of Prometheus's; the rest is kept.
type config struct {
	Global        map[string]any   `yaml:"global"`
	RuleFiles     []string         `yaml:"rule_files"`
	ScrapeConfigs []map[string]any `yaml:"scrape_configs"`
}

// configure writes the project's configuration of Prometheus with the addresses
// of this system in the place of those that the stack has, and returns its path.
// A target that this system has not fails the test.
func configure(t testing.TB, root string, at map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "prometheus", "prometheus.yml")) //nolint:gosec // G304: the test says where the project is
	if err != nil {
		t.Fatal(err)
	}
	var c config
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	c.Global = map[string]any{"scrape_interval": "1s", "scrape_timeout": "900ms", "evaluation_interval": "1s"}
	for i, file := range c.RuleFiles {
		c.RuleFiles[i] = absolute(t, filepath.Join(root, "prometheus", file))
	}
	for _, job := range c.ScrapeConfigs {
		if _, ok := job["dns_sd_configs"]; ok { // the gateways, by a name that does not resolve here
			delete(job, "dns_sd_configs")
			job["static_configs"] = []any{map[string]any{"targets": []any{"gateway:8000"}}}
		}
		relocate(t, job, at)
	}
	out, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(name, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// relocate puts addresses of this system into a job.
func relocate(t testing.TB, job map[string]any, at map[string]string) {
	t.Helper()
	groups, _ := job["static_configs"].([]any)
	for _, group := range groups {
		targets, _ := group.(map[string]any)["targets"].([]any)
		for i, target := range targets {
			addr, known := at[target.(string)]
			if !known {
				t.Fatalf("job %v scrapes %v, which this system has not", job["job_name"], target)
			}
			targets[i] = addr
		}
	}
}

func absolute(t testing.TB, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
