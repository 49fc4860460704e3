package e2e_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestMetrics_Contract(t *testing.T) {
	t.Parallel()
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

func TestMetrics_ServiceErrors(t *testing.T) {
	t.Parallel()
	s := dev(t, "--faults", "--upstream-retries=0")
	s.call(http.MethodPut, s.users+"/_faults", `[{"route":"*","error_rate":1}]`)
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	if _, text := s.call(http.MethodGet, s.gateway+"/metrics", ""); !strings.Contains(text, `service_errors_total{code="UPSTREAM_UNAVAILABLE",service_name="users"} 1`) {
		t.Error("not counted")
	}
}

func TestMetrics_Exemplar(t *testing.T) {
	t.Parallel()
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

func TestMetricsPage_HasWhatTheGatewayExports(t *testing.T) {
	t.Parallel()
	s := dev(t)
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	page := readPage(t, "docs/metrics.md")
	_, text := s.call(http.MethodGet, s.gateway+"/metrics", "")
	for _, family := range regexp.MustCompile(`(?m)^# TYPE (\w+) `).FindAllStringSubmatch(text, -1) {
		name := family[1]
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("no %s in docs/metrics.md", name)
		}
	}
}
