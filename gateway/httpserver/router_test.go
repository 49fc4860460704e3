package httpserver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/telemetry"
	"tributary/internal/testkit"
)

func TestMain(m *testing.M) {
	// net/http lingers for half a second on a connection whose request it refused.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// site is a router with a few routes, its log and its figures.
type site struct {
	t   *testing.T
	url string
	log *bytes.Buffer
	reg *prometheus.Registry
}

func serve(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, log: &bytes.Buffer{}, reg: prometheus.NewRegistry()}
	r := httpserver.NewRouter(telemetry.NewLogger(s.log, telemetry.LogConfig{}), s.reg)
	r.Get("/things/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, httpserver.PathParam(r, "id"))
	})
	r.Post("/things", func(http.ResponseWriter, *http.Request) {})
	r.Put("/things", func(http.ResponseWriter, *http.Request) {})
	r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("at the disco") })
	r.Get("/half", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		_ = http.NewResponseController(w).Flush()
		panic("at the disco")
	})
	r.Handle("/any", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Method) }))
	r.Get("/fault", func(w http.ResponseWriter, r *http.Request) {
		httpserver.WriteFault(w, r, fault.New(fault.Timeout, "poets", fmt.Errorf("10.0.0.7 is down")))
	})
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

// do sends a request and gives the answer with its body.
func (s *site) do(method, path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		body = append(body, " ("+err.Error()+")"...)
	}
	return resp, string(body)
}

func (s *site) count(name string, labels map[string]string) float64 {
	s.t.Helper()
	n, _ := testkit.Metric(s.t, s.reg, name, slices.Collect(maps.Values(labels))...)
	return n
}

func TestRequestID_ValidOrNew(t *testing.T) {
	s := serve(t)
	for id, kept := range map[string]bool{
		"":                                     false,
		"abc-123_x.y:z/+=":                     true,
		"0af7651916cd43dd8448eb211c80319c":     true,
		strings.Repeat("a", 128):               true,
		strings.Repeat("a", 129):               false,
		"two words":                            false,
		`a"b`:                                  false,
		"имя":                                  false,
		"f47ac10b-58cc-4372-a567-0e02b2c3d479": true,
	} {
		resp, _ := s.do(http.MethodGet, "/things/1", httpserver.RequestIDHeader, id)
		got := resp.Header.Get(httpserver.RequestIDHeader)
		if (got == id) != kept || got == "" {
			t.Errorf("%q became %q", id, got)
		}
		if !strings.Contains(s.log.String(), `"request_id":"`+got+`"`) {
			t.Errorf("no %s in the log", got)
		}
	}
}

func TestErrors_Problems(t *testing.T) {
	s := serve(t)
	for name, tt := range map[string]struct {
		method, path string
		status       int
		code, allow  string
	}{
		"no such path":                     {http.MethodGet, "/nothing", 404, "NOT_FOUND", ""},
		"a method that the path has not":   {http.MethodGet, "/things", 405, "METHOD_NOT_ALLOWED", "POST, PUT"},
		"a method on a path with a name":   {http.MethodDelete, "/things/a%2Fb", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		"a panic":                          {http.MethodGet, "/panic", 500, "INTERNAL", ""},
		"a failure that has a kind":        {http.MethodGet, "/fault", 504, "UPSTREAM_TIMEOUT", ""},
		"a method that HTTP does not have": {"BREW", "/things", 405, "METHOD_NOT_ALLOWED", "POST, PUT"},
		"such a method, and no such path":  {"BREW", "/nothing", 404, "NOT_FOUND", ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := s.do(tt.method, tt.path, httpserver.RequestIDHeader, "me")
			var p httpserver.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if resp.StatusCode != tt.status || p.Status != tt.status || p.Code != tt.code || p.Title == "" || p.Type == "" || p.RequestID != "me" {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %s", got)
			}
			if got := resp.Header.Get("Allow"); got != tt.allow {
				t.Errorf("Allow: %s, want %s", got, tt.allow)
			}
			if strings.Contains(body, "disco") || strings.Contains(body, "10.0.0.7") {
				t.Errorf("tells internals: %s", body)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no nosniff")
			}
		})
	}
}

func TestRouter_UnknownMethods(t *testing.T) {
	if resp, body := serve(t).do("BREW", "/any"); resp.StatusCode != http.StatusOK || body != "BREW" {
		t.Errorf("%d %s, allows %s", resp.StatusCode, body, resp.Header.Get("Allow"))
	}
}

func TestRouter_MethodNotAllowed(t *testing.T) {
	s := serve(t)
	for method, label := range map[string]string{http.MethodDelete: http.MethodDelete, "BREW": "OTHER"} {
		s.do(method, "/things/1")
		if s.count("http_requests_total", map[string]string{"endpoint": "/things/{id}", "method": label, "status": "405"}) != 1 {
			t.Errorf("%s is not counted", method)
		}
	}
	if got := strings.Count(s.log.String(), `"route":"/things/{id}","status":405`); got != 2 {
		t.Errorf("logged %d times: %s", got, s.log)
	}
}

func TestPanic_LoggedAndCounted(t *testing.T) {
	s := serve(t)
	s.do(http.MethodGet, "/panic", httpserver.RequestIDHeader, "me")
	if s.count("http_panics_total", nil) != 1 {
		t.Error("not counted")
	}
	for _, part := range []string{"at the disco", "router_test.go", `"request_id":"me"`, `"status":500`} {
		if !strings.Contains(s.log.String(), part) {
			t.Errorf("no %s in %s", part, s.log)
		}
	}
}

func TestPanic_AfterHeader(t *testing.T) {
	s := serve(t)
	if _, body := s.do(http.MethodGet, "/half"); !strings.Contains(body, "EOF") {
		t.Errorf("ended like a whole one: %s", body)
	}
	if s.count("http_requests_total", map[string]string{"endpoint": "/half"}) != 1 {
		t.Error("not counted")
	}
}

func TestRouter_Unescapes(t *testing.T) {
	s := serve(t)
	for path, want := range map[string]string{
		"/things/a":            "a",
		"/things/a%2Fb":        "a/b",
		"/things/%252F":        "%2F",
		"/things/%D0%B8%D0%BC": "им",
		"/things/a+b%20c":      "a+b c",
		"/things/..%2F..":      "../..",
	} {
		if _, body := s.do(http.MethodGet, path); body != want {
			t.Errorf("%s is %q, want %q", path, body, want)
		}
	}
}

func TestRouter_HEAD(t *testing.T) {
	s := serve(t)
	if resp, body := s.do(http.MethodHead, "/things/1"); resp.StatusCode != http.StatusOK || body != "" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

func TestMetrics_Cardinality(t *testing.T) {
	s := serve(t)
	for i := range 200 {
		s.do(http.MethodGet, fmt.Sprintf("/things/%d", i))
		s.do(http.MethodGet, fmt.Sprintf("/nothing/%d", i))
		s.do(fmt.Sprintf("BREW%d", i), "/things")
	}
	families, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if n := len(f.GetMetric()); n > 3 {
			t.Errorf("%s has %d series", f.GetName(), n)
		}
	}
	if got := s.count("http_requests_total", map[string]string{"endpoint": "/things/{id}", "method": "GET", "status": "200"}); got != 200 {
		t.Errorf("counted %v", got)
	}
}

func TestReady_UntilDrain(t *testing.T) {
	var ready httpserver.Readiness
	status := func() int {
		w := httptest.NewRecorder()
		ready.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		return w.Code
	}
	if status() != http.StatusOK {
		t.Error("not ready at first")
	}
	ready.Drain()
	if status() != http.StatusServiceUnavailable {
		t.Error("ready while draining")
	}
}

func ExampleNewRouter() {
	r := httpserver.NewRouter(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	r.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello, %s", httpserver.PathParam(r, "name"))
	})

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hello/anna", http.NoBody))
	fmt.Println(w.Body)
	// Output: hello, anna
}
