package grafana_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tributary/gateway/auth/authtest"
	"tributary/internal/testkit/watched"
)

// calm is the time before and after each trouble, in seconds.
const calm = 8

// troubled returns a system under load that has lost all its services and then Redis, and
// has them back.
func troubled(t *testing.T) *watched.Stack {
	t.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // spans go there
	t.Cleanup(collector.Close)
	provider := authtest.New(t)
	s := watched.Start(t, "..", "BFF_CACHE_TTL=2s", "BFF_CACHE_ABSENT_TTL=1s", "BFF_UPSTREAM_TIMEOUT=500ms",
		"BFF_MAX_OPERATIONS_PER_CLIENT=100", "BFF_AUTH_JWKS="+provider.URL, "BFF_AUTH_ISSUER="+authtest.Issuer, "BFF_AUTH_AUDIENCE="+authtest.Audience,
		"OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL)
	s.Token = provider.Token(t, "u1", nil)
	stop := s.Load(40)
	defer stop()
	s.WaitScrapes(calm)
	for service := range s.Services {
		s.InjectFaults(service, `[{"route":"*","error_rate":1}]`)
	}
	s.Until(`min(max by (service_name) (max_over_time(upstream_breaker_state{job="gateway"}[1m]))) == 2`)
	s.Until(`sum(cache_stale_served_total) > 0`)
	s.WaitScrapes(calm / 3)
	for service := range s.Services {
		s.InjectFaults(service, `[]`)
	}
	s.Until(`max(upstream_breaker_state{job="gateway"}) == 0`)
	s.WaitScrapes(calm / 2)
	s.Redis.Hang()
	s.Until(`min(redis_up) == 0 or max(up{job="redis"}) == 0`)
	s.Until(`sum(cache_errors_total) > 0`)
	s.Until(`avg_over_time(cache_redis_up{job="gateway"}[5m]) < 0.9`) // as long as it takes for RedisFailing
	s.WaitScrapes(calm / 3)
	s.Redis.Continue()
	s.Until(`min(redis_up) == 1 and on() sum(rate(upstream_attempts_total{outcome="ok"}[3s])) > 0`)
	s.WaitScrapes(calm / 2)
	return s
}

// A dashboard is worth what it shows when something is the matter. So here
// everything is, for a while, and no panel may be empty.
func TestBoards_LiveQueries(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: it runs the whole system for half a minute, and -short is set")
	}
	s := troubled(t)
	t.Run("every query of every panel finds something", func(t *testing.T) {
		for _, a := range asks(t, decoded(t)) {
			values := []string{".*"}
			if a.repeat == "service" {
				values = slices.Sorted(maps.Keys(s.Services))
			}
			for _, value := range values {
				expr := strings.NewReplacer("$__rate_interval", "10s", "$service", value,
					"$job", "gateway", "$instance", ".*", "$redis", ".*", "$node", ".*").Replace(a.expr)
				mustFind(t, s, a.board+", "+a.title, expr)
			}
		}
	})
	t.Run("a graph of durations leads to traces", func(t *testing.T) {
		for _, series := range []string{"http_request_duration_seconds_bucket", "upstream_call_duration_seconds_bucket", "graphql_operation_duration_seconds_bucket"} {
			examples, err := s.Exemplars(series)
			if err != nil || len(examples) == 0 || len(examples[0]["trace_id"]) != 32 {
				t.Errorf("%s: %d exemplars, %v", series, len(examples), err)
			}
		}
	})
	t.Run("alerts see what is the matter", func(t *testing.T) {
		for _, name := range seen() {
			mustFind(t, s, name, `ALERTS{alertname="`+name+`"}`)
		}
	})
	t.Run("every alert and record asks for what there is", func(t *testing.T) {
		for name, expr := range rules(t) {
			for _, selector := range selectors(expr) {
				if !strings.HasPrefix(selector, "tls_") { // this gateway is without TLS
					mustFind(t, s, name, selector)
				}
			}
		}
	})
}

// seen are the alerts that what [troubled] does is a case for.
func seen() []string {
	return []string{"AnswersIncomplete", "CircuitOpen", "ErrorBudgetBurnsFast", "RedisFailing", "ServiceFailing", "ServingStale"}
}

func mustFind(t *testing.T, s *watched.Stack, who, expr string) {
	t.Helper()
	if strings.Contains(expr, "$") {
		t.Errorf("%s: a variable that this test doesn't know in %s", who, expr)
	}
	found, err := s.Range(expr, s.Started, time.Now(), time.Second)
	if err != nil || len(found) == 0 {
		t.Errorf("%s: nothing for %s (%v)", who, expr, err)
	}
}

// rules are the expressions of alerts and records, by name.
func rules(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../prometheus/rules/*.rules.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	exprs := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct {
				Rules []struct{ Alert, Record, Expr string }
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				exprs[rule.Alert+rule.Record] = rule.Expr
			}
		}
	}
	return exprs
}

// selector is a metric with its labels, or a record; no function is followed by
// one of these, and no label name is outside of braces or by().
var selector = regexp.MustCompile(`[a-z_]+(?::[a-z0-9_]+)+(?:\{[^}]*\})?|\b[a-z]+(?:_[a-z0-9]+)+\b(?:\{[^}]*\})?|\bup\b(?:\{[^}]*\})?`)

// selectors are the series that an expression is about.
func selectors(expr string) (found []string) {
	expr = regexp.MustCompile(`\b(?:by|on|without|ignoring)\s*\([^)]*\)`).ReplaceAllString(expr, "")
	for _, at := range selector.FindAllStringIndex(expr, -1) {
		if !strings.HasPrefix(expr[at[1]:], "(") { // a function
			found = append(found, expr[at[0]:at[1]])
		}
	}
	return found
}
