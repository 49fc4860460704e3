package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admin"
	"tributary/gateway/httpserver"
	"tributary/gateway/telemetry"
)

// gatewayOf makes a gateway of the usual settings over one upstream that knows
// nobody, and its metrics.
func gatewayOf(t *testing.T, set func(*gatewayConfig)) (http.Handler, *prometheus.Registry) {
	t.Helper()
	nobody := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nobody.Close)
	var flags struct {
		Gateway gatewayConfig `embed:""`
	}
	parser, err := kong.New(&flags)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	cfg := flags.Gateway
	cfg.Services.UsersURL, cfg.Services.OrdersURL, cfg.Services.ProductsURL = nobody.URL, nobody.URL, nobody.URL
	if set != nil {
		set(&cfg)
	}
	reg := telemetry.NewRegistry("test")
	handler, release, err := newGateway(cfg, admin.New(cfg.Admin), "test", &httpserver.Readiness{}, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := release(); err != nil {
			t.Error(err)
		}
	})
	return handler, reg
}

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

func TestTenThousandIDsPathsMethodsAndNamesMakeNoSeries(t *testing.T) {
	handler, reg := gatewayOf(t, nil)
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
				`{"query":"{ products(ids: [%s]) { id } users(ids: [%s]) { id } }"}`, strings.Join(ids, ","), ids[0]))
		}
		ask(handler, http.MethodGet, fmt.Sprintf("/api/profile/p%d", from), "")
	}
	drive(0, 100)
	before := seriesOf(t, reg)
	drive(100, 10_000)
	for name, n := range seriesOf(t, reg) {
		// On a busy machine calls have outcomes that they did not have before.
		outcomes := strings.HasPrefix(name, "upstream_") || strings.HasPrefix(name, "service_")
		if n > before[name] && (!outcomes || n > 20) {
			t.Errorf("%s had %d series and has %d", name, before[name], n)
		}
	}
	if before["graphql_operations_total"] == 0 || before["upstream_attempts_total"] == 0 {
		t.Errorf("nothing was measured: %v", before)
	}
}

func ask(handler http.Handler, method, target, body string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	handler.ServeHTTP(httptest.NewRecorder(), r)
}

func TestTheMetricsOfTheContractAreThereWithTheirLabels(t *testing.T) {
	s := dev(t)
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	s.call(http.MethodPut, s.users+"/_faults", "[]")
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	s.call(http.MethodGet, s.gateway+"/api/profile/%00", "")
	_, text := s.call(http.MethodGet, s.gateway+"/metrics", "")
	for _, line := range []string{
		`http_requests_total{endpoint="/api/profile/{id}",method="GET",status="200"} 2`,
		`http_requests_total{endpoint="/api/profile/{id}",method="GET",status="400"} 1`,
		`http_request_duration_seconds_count{endpoint="/api/profile/{id}",method="GET"} 3`,
		`http_active_requests 1`,
		`cache_hits_total{cache_type="memory"} \d+`,
		`cache_misses_total{cache_type="memory"} \d+`,
		`aggregation_duration_seconds_count 2`,
		`graphql_operations_total{operation="RESTProfile",outcome="complete",type="query"} 2`,
		`loader_batch_keys_count{loader="product"} \d+`,
		`upstream_attempt_duration_seconds_count{attempt="first",service_name="users"} 1`,
	} {
		quoted := strings.ReplaceAll(regexp.QuoteMeta(line), `\\d\+`, `\d+`)
		if !regexp.MustCompile(`(?m)^` + quoted + `$`).MatchString(text) {
			t.Errorf("no line %s", line)
		}
	}
}

func TestFailuresOfServicesAreCountedByCode(t *testing.T) {
	s := dev(t, "--faults", "--upstream-retries=0")
	s.call(http.MethodPut, s.users+"/_faults", `[{"route":"*","error_rate":1}]`)
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	if _, text := s.call(http.MethodGet, s.gateway+"/metrics", ""); !strings.Contains(text, `service_errors_total{code="UPSTREAM_UNAVAILABLE",service_name="users"} 1`) {
		t.Error("not counted")
	}
}

func TestATracedRequestIsTheExemplarOfItsDuration(t *testing.T) {
	s, _ := traced(t)
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	waitFor(t, func() bool { return strings.Contains(s.logged(), `"route":"/api/profile/{id}"`) }) // it is measured by then
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.gateway+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/openmetrics-text")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"http_request_duration_seconds", "graphql_operation_duration_seconds", "upstream_call_duration_seconds", "upstream_attempt_duration_seconds", "aggregation_duration_seconds"} {
		if !regexp.MustCompile(name + `_bucket{.*} \d+ # {trace_id="[0-9a-f]{32}"}`).Match(text) {
			t.Errorf("no exemplar of %s", name)
		}
	}
}

var updateMetrics = flag.Bool("update-metrics", false, "write the table of docs/metrics.md anew")

const metricsPage = "docs/metrics.md"

// Metrics are described where they are made: the page is made from that.
func TestThePageOfMetricsHasEveryMetric(t *testing.T) {
	handler, reg := gatewayOf(t, func(cfg *gatewayConfig) { cfg.Cache.RedisURL = "redis://127.0.0.1:1" })
	ask(handler, http.MethodGet, "/api/profile/p1", "")
	ask(handler, http.MethodPost, "/graphql", `{"query":"{ product(id: \"p\") { id } }"}`)
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
		t.Errorf("%s is not what the metrics say of themselves: go test . -run PageOfMetrics -update-metrics", metricsPage)
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
