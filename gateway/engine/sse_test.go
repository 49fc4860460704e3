package engine_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/stream"
	"tributary/gateway/httpserver"
	"tributary/internal/testkit"
)

// requestTime is what requests have, and is less than some streams live.
const requestTime = time.Second

// streaming is a server whose streams are open to real connections.
type streaming struct {
	*server

	streams *stream.Streams
	url     string
}

func usualStreams() streamConfig {
	return streamConfig{
		Config:  stream.Config{Max: 10, Operations: 3, InitTimeout: time.Minute, KeepAlive: time.Minute, Idle: time.Minute},
		Timeout: requestTime,
	}
}

func newStreaming(t testing.TB, cfg streamConfig, bounds limits.Config) *streaming {
	t.Helper()
	s := newServer(t, engine.Config{Limits: bounds, Persisted: true, DocumentsMB: 1})
	streams := newStreams(s.handler, cfg, s.metrics)
	srv := httptest.NewUnstartedServer(streams.Handler(httpserver.Deadline(requestTime)(s.handler)))
	srv.Config.ReadTimeout, srv.Config.WriteTimeout, srv.Config.IdleTimeout = requestTime, requestTime, time.Minute
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(streams.Close)
	return &streaming{s, streams, srv.URL + "/graphql"}
}

// until waits for something that comes by itself.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	testkit.WaitFor(t, what, holds)
}

func (s *streaming) open(transport string) float64 {
	s.t.Helper()
	return gauge(s.t, s.metrics, "graphql_streams_open", transport)
}

func gauge(t testing.TB, reg *prometheus.Registry, name, label string) float64 {
	t.Helper()
	n, found := testkit.Metric(t, reg, name, label)
	if !found {
		return -1
	}
	return n
}

// listen asks for events and gives the answer as it comes.
func (s *streaming) listen(ctx context.Context, query string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(body(s.t, query)))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", plain)
	return s.events(req)
}

func (s *streaming) events(req *http.Request) *http.Response {
	s.t.Helper()
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func all(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(text), ":\n\n")
}

const complete = "event: complete\ndata: \n\n"

func TestSSE_Subscription(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	resp := s.listen(t.Context(), "subscription { ticks }")
	want := "event: next\ndata: {\"data\":{\"ticks\":1}}\n\nevent: next\ndata: {\"data\":{\"ticks\":2}}\n\nevent: next\ndata: {\"data\":{\"ticks\":3}}\n\n" + complete
	if got := all(t, resp); got != want || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Errorf("%v %q", resp.Header, got)
	}
	if n := s.schema.loads.Load(); n != 3 {
		t.Errorf("%d loads for 3 events", n)
	}
	if n := s.count("graphql_operations_total", "other", "complete", "subscription"); n != 1 {
		t.Errorf("%v operations", n)
	}
	if n := s.count("graphql_stream_events_total", "sse"); n != 3 {
		t.Errorf("%v events", n)
	}
	s.listen(t.Context(), "subscription { ticks(odd: false) }")
	until(t, "partial", func() bool { return s.count("graphql_operations_total", "other", "partial", "subscription") == 1 })
}

func TestSSE_EventSource(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	for query, want := range map[string]string{
		"subscription { ticks(to: 1) }": "event: next\ndata: {\"data\":{\"ticks\":1}}\n\n" + complete,
		"{ hello }":                     "event: next\ndata: {\"data\":{\"hello\":\"hello you\"}}\n\n" + complete,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"?query="+url.QueryEscape(query), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if got := all(t, s.events(req)); got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestEvents_OfRefusedOperations(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	for query, code := range map[string]string{
		"subscription {":                              "GRAPHQL_PARSE_FAILED",
		"{ hello(name: \"\\ud800\") }":                "GRAPHQL_PARSE_FAILED",
		"subscription { nothing }":                    "GRAPHQL_VALIDATION_FAILED",
		"{ nothing }":                                 "GRAPHQL_VALIDATION_FAILED",
		"subscription ($n: Int!) { ticks(to: $n) }":   "BAD_USER_INPUT",
		"{" + strings.Repeat(" a: hello", 3000) + "}": "QUERY_TOO_COMPLEX",
	} {
		resp := s.listen(t.Context(), query)
		text := all(t, resp)
		result, ended := strings.CutSuffix(text, "\n\n"+complete)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" ||
			!ended || !strings.HasPrefix(result, `event: next`+"\n"+`data: {"errors":[`) || !strings.Contains(result, code) {
			t.Errorf("%.60q: %s %s", query, resp.Status, text)
		}
	}
	for body, status := range map[string]int{`{"query":""}`: 400, `{"query":`: 400, `[]`: 400, `{"query":7}`: 400} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", plain)
		resp := s.events(req)
		if text := all(t, resp); resp.StatusCode != status || !strings.HasPrefix(text, `{"errors":[`) {
			t.Errorf("%s is no request: %s %s", body, resp.Status, text)
		}
	}
}

func TestSSE_OutlivesRequestTimeout(t *testing.T) {
	cfg := usualStreams()
	cfg.KeepAlive = requestTime / 5
	s := newStreaming(t, cfg, limits.Config{})
	ctx, leave := context.WithCancel(t.Context())
	resp := s.listen(ctx, "subscription { waits }")
	lines := bufio.NewScanner(resp.Body)
	for comments := 0; comments < 7 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), ":") {
			comments++
		}
	}
	if err := lines.Err(); err != nil || s.schema.sources.Load() != 1 || s.open("sse") != 1 {
		t.Errorf("%v, %d sources", err, s.schema.sources.Load())
	}
	leave()
	until(t, "the end", func() bool { return s.schema.sources.Load() == 0 && s.open("sse") == 0 })
}

func TestSSE_QueryTimeout(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	if got := all(t, s.listen(t.Context(), "{ waits }")); !strings.HasPrefix(got, "event: next\ndata: {\"errors\":[") || !strings.HasSuffix(got, complete) {
		t.Errorf("%q", got)
	}
}

func TestSSE_Drain(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	resp := s.listen(t.Context(), "subscription { waits }")
	until(t, "the event", func() bool { return s.count("graphql_stream_events_total", "sse") == 1 })
	s.streams.Drain()
	if got := all(t, resp); got != "event: next\ndata: {\"data\":{\"waits\":1}}\n\n" {
		t.Errorf("%q", got)
	}
	if resp := s.listen(t.Context(), "subscription { waits }"); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Error(resp.Status)
	}
}

func TestSSE_TooMany(t *testing.T) {
	cfg := usualStreams()
	cfg.Max = 1
	s := newStreaming(t, cfg, limits.Config{})
	ctx, leave := context.WithCancel(t.Context())
	s.listen(ctx, "subscription { waits }")
	if resp := s.listen(t.Context(), "{ hello }"); resp.StatusCode != http.StatusServiceUnavailable || s.count("graphql_streams_refused_total") != 1 {
		t.Error(resp.Status)
	}
	leave()
	until(t, "room", func() bool { return s.listen(t.Context(), "{ hello }").StatusCode == http.StatusOK })
}

func TestSSE_Panic(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	if got := all(t, s.listen(t.Context(), "subscription { explodes }")); strings.Contains(got, "secret") || !strings.Contains(got, "INTERNAL") {
		t.Errorf("%q", got)
	}
	if !strings.Contains(s.log.String(), "secret-of-the-panic") {
		t.Error("the log does not tell of it")
	}
}

func TestSSE_AcceptAnything(t *testing.T) {
	s := newStreaming(t, usualStreams(), limits.Config{})
	for _, accept := range []string{"*/*", "text/*", "application/graphql-response+json, application/json, text/event-stream, multipart/mixed", "text/event-stream;q=0, application/json"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(body(t, "{ hello }")))
		req.Header.Set("Content-Type", plain)
		req.Header.Set("Accept", accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%q gets events", accept)
		}
	}
}
