package app

import (
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/auth/authtest"
	"tributary/gateway/httpserver"
	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit/certtest"
)

func seriesOf(t *testing.T, reg *prometheus.Registry) map[string]int {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range families {
		counts[f.GetName()] = len(f.GetMetric())
	}
	return counts
}

func TestMetrics_Cardinality(t *testing.T) {
	handler, reg := assemble(t, testgraph.Start(t).URLs, silent, nil)
	drive := func(from, to int) {
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := from + w; i < to; i += 8 {
					ask(handler, fmt.Sprintf("BREW%d", i), fmt.Sprintf("/nothing/%d?a=%d", i, i), "")
					ask(handler, http.MethodPost, "/graphql", fmt.Sprintf(
						`{"query":"query Op%d { a%d: __typename }","operationName":"Op%d"}`, i, i, i))
				}
			})
		}
		all.Wait()
		for i := from; i < to; i += 100 {
			ids := make([]string, 100)
			for j := range ids {
				ids[j] = fmt.Sprintf(`\"id%d\"`, i+j)
			}
			ask(handler, http.MethodPost, "/graphql", fmt.Sprintf(
				`{"query":"{ books(ids: [%s]) { id } authors(ids: [%s]) { id } }"}`, strings.Join(ids, ","), ids[0]))
		}
		ask(handler, http.MethodGet, fmt.Sprintf("/api/authors/p%d", from), "")
	}
	drive(0, 100)
	before := seriesOf(t, reg)
	drive(100, 1000)
	for name, n := range seriesOf(t, reg) {
		// On a busy machine calls and operations have outcomes that they did not have before.
		outcomes := strings.HasPrefix(name, "upstream_") || strings.HasPrefix(name, "service_") || strings.HasPrefix(name, "graphql_operation")
		if n > before[name] && (!outcomes || n > 20) {
			t.Errorf("%s had %d series and has %d", name, before[name], n)
		}
	}
	if before["graphql_operations_total"] == 0 || before["upstream_attempts_total"] == 0 {
		t.Errorf("nothing was measured: %v", before)
	}
}

var updateMetrics = flag.Bool("update-metrics", false, "write the table of docs/metrics.md anew")

const metricsPage = "../../docs/metrics.md"

// Metrics are described where they are made: the page is made from that.
func TestMetricsPage_Complete(t *testing.T) {
	handler, reg := assemble(t, testgraph.Start(t).URLs, silent, func(cfg *gatewayConfig) {
		cfg.Cache.RedisURL, cfg.Auth, cfg.GraphQL.Admission.PerClient = "redis://127.0.0.1:1", authtest.New(t).Config(), 100
	})
	dir := t.TempDir()
	files := httpserver.TLSConfig{Cert: filepath.Join(dir, "cert"), Key: filepath.Join(dir, "key")}
	certtest.New(t).Write(t, files.Cert, files.Key)
	if _, err := httpserver.NewCertificates(files, slog.New(slog.DiscardHandler), reg); err != nil {
		t.Fatal(err)
	}
	ask(handler, http.MethodGet, "/api/authors/p1", "")
	ask(handler, http.MethodPost, "/graphql", `{"query":"{ book(id: \"b\") { id } }"}`)
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), "<!-- metrics -->\n")
	have, after, _ := strings.Cut(rest, "<!-- /metrics -->")
	want := describe(t, reg)
	if *updateMetrics {
		text := before + "<!-- metrics -->\n" + want + "<!-- /metrics -->" + after
		if err := os.WriteFile(metricsPage, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("%s is not what the metrics say of themselves: go test ./gateway/app -run MetricsPage -update-metrics", metricsPage)
	}
}

// describe makes the table of all metrics but those of Go and of the process.
func describe(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, f := range families {
		types[f.GetName()] = strings.ToLower(f.GetType().String())
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		reg.Describe(descs)
	}()
	parts := regexp.MustCompile(`(?s)^Desc{fqName: "(.*?)", help: "(.*?)"(?:, unit: "[^"]*")?, constLabels: {(.*)}, variableLabels: {(.*)}}$`)
	var rows []string
	for d := range descs {
		p := parts.FindStringSubmatch(d.String())
		if p == nil {
			t.Fatalf("cannot read %s", d)
		}
		if name := p[1]; !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			rows = append(rows, fmt.Sprintf("| %#q | %s | %s | %s |\n", name, typeOf(types, name), labels(p[3], p[4]), p[2]))
		}
	}
	slices.Sort(rows)
	return "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n" + strings.Join(slices.Compact(rows), "")
}

func typeOf(types map[string]string, name string) string {
	if kind, ok := types[name]; ok {
		return kind
	}
	if strings.HasSuffix(name, "_total") {
		return "counter"
	}
	return "gauge"
}

// labels are the names of constant labels, which come with values, and of others.
func labels(constant, variable string) string {
	var names []string
	for part := range strings.SplitSeq(constant+","+variable, ",") {
		if name, _, _ := strings.Cut(part, "="); name != "" {
			names = append(names, "`"+name+"`")
		}
	}
	return strings.Join(names, ", ")
}
