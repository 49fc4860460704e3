package rest_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is the part of one that answers for profiles.
type gateway struct {
	t       testing.TB
	url     string
	graph   *graphtest.Server
	metrics *prometheus.Registry
}

func serve(t testing.TB, up *upstreamtest.Upstreams, with graphtest.Setup) *gateway {
	t.Helper()
	server, stop, err := graphtest.New(up, with)
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	r := httpserver.NewRouter(slog.New(slog.DiscardHandler), reg)
	profile := rest.NewProfile(server.Engine, func(r *http.Request) string { return httpserver.PathParam(r, "id") }, with.TTL, reg)
	r.Method(http.MethodGet, "/api/profile/{id}", profile)
	r.Method(http.MethodGet, "/api/profile/", profile)
	s := httptest.NewServer(r)
	t.Cleanup(func() {
		s.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return &gateway{t, s.URL, server, reg}
}

// usual serves a shop of one user with an order of two products.
func usual(t testing.TB) (*gateway, *upstreamtest.Upstreams) {
	t.Helper()
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 2, 2))
	return serve(t, up, graphtest.DefaultSetup()), up
}

// reply is an answer that has arrived.
type reply struct {
	status int
	header http.Header
	text   string
}

// get asks for a path as it is written, with headers that are given in pairs.
func (g *gateway) get(path string, header ...string) reply {
	g.t.Helper()
	return g.do(http.MethodGet, path, header...)
}

func (g *gateway) do(method, path string, header ...string) reply {
	g.t.Helper()
	r, err := http.NewRequest(method, g.url+path, http.NoBody)
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

// document is the body of an answer that has a profile.
type document struct {
	User     map[string]any   `json:"user"`
	Orders   []map[string]any `json:"orders"`
	Products map[string]struct {
		ID string `json:"id"`
	} `json:"products"`
	Metadata struct {
		UserID        string  `json:"user_id"`
		OrdersCount   any     `json:"orders_count"`
		ProductsCount int     `json:"products_count"`
		AggregatedAt  string  `json:"aggregated_at"`
		Cached        bool    `json:"cached"`
		AgeSeconds    float64 `json:"age_seconds"`
		Degraded      []struct {
			Service string   `json:"service"`
			Reason  string   `json:"reason"`
			Age     *float64 `json:"age_seconds"`
		} `json:"degraded"`
	} `json:"metadata"`
}

func (r reply) document(t testing.TB) (d document) {
	t.Helper()
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %s: %s", r.status, r.header.Get("Content-Type"), r.text)
	}
	if err := json.Unmarshal([]byte(r.text), &d); err != nil {
		t.Fatalf("%v: %s", err, r.text)
	}
	return d
}

// problem sees that an answer is an error with a status and a code and gives
// what is said of it.
func (r reply) problem(t testing.TB, status int, code string) (detail string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
		RequestID                 string `json:"request_id"`
	}
	if err := json.Unmarshal([]byte(r.text), &p); err != nil {
		t.Fatalf("%v: %s", err, r.text)
	}
	if r.status != status || p.Status != status || p.Code != code {
		t.Errorf("status %d, want %d with code %s: %s", r.status, status, code, r.text)
	}
	if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type: %s", ct)
	}
	if p.Type == "" || p.Title == "" || p.RequestID == "" || p.RequestID != r.header.Get("X-Request-Id") {
		t.Errorf("something is missing in %s", r.text)
	}
	if cc := r.header.Get("Cache-Control"); cc != "no-store" {
		t.Errorf("an error may be kept: Cache-Control: %s", cc)
	}
	return p.Detail
}

// expectHeader sees that a header matches a pattern as a whole.
func (r reply) expectHeader(t testing.TB, name, pattern string) {
	t.Helper()
	if v := r.header.Get(name); !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(v) {
		t.Errorf("%s: %q, want %s", name, v, pattern)
	}
}

func stopAll(up *upstreamtest.Upstreams, services ...string) {
	for _, s := range services {
		up.Stop(s)
	}
}

// everyEntryOld is a setup in which everything is too old as soon as it is there.
func everyEntryOld() graphtest.Setup {
	return graphtest.Setup{Timeout: 10 * time.Second, TTL: time.Nanosecond}
}
