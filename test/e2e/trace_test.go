package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/tracing"
	"tributary/internal/testkit/otlptest"
)

// traced starts everything with its traces going to a collector.
func traced(t *testing.T, args ...string) (*system, *otlptest.Collector) {
	t.Helper()
	c := otlptest.New(t)
	return devIn(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_SERVICE_NAME=bff", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test"}, args...), c
}

// halt stops the system, so that all spans are exported.
func (s *system) halt() {
	s.t.Helper()
	s.Stop()
	if err := <-s.Done; err != nil {
		s.t.Error(err)
	}
}

const remoteTrace, remoteSpan = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

func TestTrace_EndToEnd(t *testing.T) {
	t.Parallel()
	s, c := traced(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.gateway+"/graphql",
		strings.NewReader(`{"query":"query Mine { profile(userId: \"user123\") { user { fullName } orders { items { product { name } } } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Traceparent", "00-"+remoteTrace+"-"+remoteSpan+"-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	s.call(http.MethodGet, s.gateway+"/metrics", "")
	s.halt()

	spans := map[string]otlptest.Span{}
	for _, span := range c.Spans() {
		if span.Trace != remoteTrace {
			t.Errorf("%s is in another trace", span.Name)
		}
		spans[span.ID] = span
	}
	counts := map[string]int{} // by server and path of steps
	for _, span := range spans {
		counts[pathOf(t, spans, span)]++
	}
	const operation = "bff: request/operation"
	for path, want := range map[string]int{
		"bff: request":                                  1,
		operation:                                       1,
		operation + "/parse":                            1,
		operation + "/validate":                         1,
		operation + "/execute":                          1,
		operation + "/execute/resolve":                  4, // Query.profile, Profile.user, Profile.orders, OrderItem.product
		operation + "/execute/batch":                    3,
		operation + "/execute/batch/cache":              3,
		operation + "/execute/batch/cache/call":         3,
		operation + "/execute/batch/cache/call/attempt": 3,
		"user-service: …attempt/request":                1,
		"order-service: …attempt/request":               1,
		"product-service: …attempt/request":             1,
	} {
		if counts[path] != want {
			t.Errorf("%s: %d spans, want %d", path, counts[path], want)
		}
		delete(counts, path)
	}
	if len(counts) > 0 {
		t.Errorf("more spans: %v", counts)
	}
	if !strings.Contains(s.logged(), `"trace_id":"`+remoteTrace+`"`) {
		t.Error("the log does not name the trace")
	}
}

// pathOf names a span by the steps that lead to it within its server.
func pathOf(t *testing.T, spans map[string]otlptest.Span, span otlptest.Span) string {
	t.Helper()
	if want := "test"; span.Resource["deployment.environment.name"] != want {
		t.Errorf("resource: %v", span.Resource)
	}
	path := span.Attributes[string(tracing.StepKey)].(string)
	for at := span; at.Parent != remoteSpan; {
		parent, ok := spans[at.Parent]
		if !ok {
			t.Fatalf("%s has no parent", at.Name)
		}
		if parent.Server != span.Server {
			path = "…" + parent.Attributes[string(tracing.StepKey)].(string) + "/" + path
			break
		}
		path = parent.Attributes[string(tracing.StepKey)].(string) + "/" + path
		at = parent
	}
	return span.Server + ": " + path
}

func TestTrace_Attributes(t *testing.T) {
	t.Parallel()
	s, c := traced(t)
	if status, body := s.call(http.MethodPost, s.gateway+"/graphql",
		`{"query":"query Secret($them: [ID!]!) { hidden: users(ids: $them) { orders { items { product { name } } } } }","variables":{"them":["u1","u2","u3"]}}`); status != http.StatusOK {
		t.Fatal(body)
	}
	s.call(http.MethodGet, s.gateway+"/nothing/secret", "")
	s.halt()

	names := map[string]int{}
	byID := map[string]otlptest.Span{}
	for _, span := range c.Spans() {
		if span.Server == "bff" {
			names[span.Name+" "+span.Kind]++
		}
		byID[span.ID] = span
		for key, value := range span.Attributes {
			if text, ok := value.(string); ok && (strings.Contains(text, "u1") || strings.Contains(text, "ecret") || strings.Contains(text, "hidden")) {
				t.Errorf("%s: %s=%s", span.Name, key, text)
			}
		}
	}
	for name, want := range map[string]int{
		"POST /graphql SPAN_KIND_SERVER":             1,
		"GET unmatched SPAN_KIND_SERVER":             1,
		"query SPAN_KIND_INTERNAL":                   1,
		"resolve User.orders SPAN_KIND_INTERNAL":     1, // for three of them
		"batch orders SPAN_KIND_INTERNAL":            3,
		"batch products SPAN_KIND_INTERNAL":          1,
		"GET /users/{id} SPAN_KIND_CLIENT":           3,
		"POST /products/batch SPAN_KIND_CLIENT":      1,
		"GET /orders/user/{userId} SPAN_KIND_CLIENT": 3,
	} {
		// What becomes known late, on a busy machine, has a batch of its own.
		late := strings.Contains(name, "products")
		if n := names[name]; n != want && (!late || n < want) {
			t.Errorf("%q: %d, want %d, in %v", name, n, want, names)
		}
	}
	joined := map[string]bool{} // batches of products, with what waits for them
	for _, span := range byID {
		switch span.Server + " " + span.Name {
		case "bff POST /products/batch":
			if a := span.Attributes; a["http.response.status_code"] != int64(200) || a["http.response.body.size"].(int64) <= 0 ||
				a["tributary.attempt"] != "first" || a["http.request.resend_count"] != int64(0) || a["tributary.outcome"] != "ok" {
				t.Errorf("%s: %v", span.Name, a)
			}
		case "bff batch products":
			joined[span.ID] = joined[span.ID] || len(span.Links) > 0 && byID[span.Links[0]].Name == "resolve OrderItem.product"
		case "bff resolve OrderItem.product":
			for _, batch := range span.Links {
				joined[batch] = true // it had gone by
			}
		case "bff resolve User.orders":
			if span.Attributes["tributary.count"] != int64(3) {
				t.Errorf("%s: %v", span.Name, span.Attributes)
			}
		}
	}
	for id, span := range byID {
		if span.Name == "batch products" && !joined[id] {
			t.Errorf("no link between the batch %s and what waits for it", id)
		}
	}
}

func TestTrace_CircuitOpen(t *testing.T) {
	t.Parallel()
	s, c := traced(t, "--upstream-breaker-calls=1", "--upstream-breaker-delay=1m", "--upstream-retries=1", "--faults")
	s.call(http.MethodPut, s.users+"/_faults", `[{"route":"*","error_rate":1}]`)
	for range 2 {
		s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"u1\") { fullName } }"}`)
	}
	s.halt()
	var calls, attempts []string
	for _, span := range c.Spans() {
		outcome, _ := span.Attributes["tributary.outcome"].(string)
		switch {
		case span.Name == "call users":
			calls = append(calls, outcome)
		case span.Attributes["tributary.step"] == "attempt":
			attempts = append(attempts, span.Attributes["tributary.attempt"].(string)+" "+outcome)
		}
		if span.Name == "call users" && !span.Failed {
			t.Error("the call has not failed")
		}
	}
	slices.Sort(calls)
	slices.Sort(attempts)
	if !slices.Equal(calls, []string{"circuit_open", "unavailable"}) || !slices.Equal(attempts, []string{"first unavailable", "retry unavailable"}) {
		t.Errorf("calls %q, attempts %q", calls, attempts)
	}
}

func TestTrace_FlushOnStop(t *testing.T) {
	t.Parallel()
	c := otlptest.New(t)
	s := devIn(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_BSP_SCHEDULE_DELAY=3600000"}) // not before an hour is over
	s.call(http.MethodGet, s.gateway+"/livez", "")
	s.call(http.MethodGet, s.gateway+"/api/profile/user123", "")
	if n := len(c.Spans()); n > 0 {
		t.Fatalf("%d spans were sent before", n)
	}
	s.halt()
	servers := map[string]int{}
	for _, span := range c.Spans() {
		if span.Attributes[string(tracing.StepKey)] == string(tracing.Request) {
			servers[span.Server]++
		}
	}
	if servers["api-gateway"] == 0 || servers["user-service"] == 0 || servers["order-service"] == 0 || servers["product-service"] == 0 {
		t.Errorf("at the end there were requests of %v", servers)
	}
}
