package resolvers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/cache"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/lookahead"
	"tributary/gateway/upstream"
	"tributary/graph"
	"tributary/internal/upstreamtest"
	"tributary/resolvers"
	"tributary/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client asks a graph that is served over the upstreams of a test.
type client struct {
	t   testing.TB
	url string
}

// serve starts a graph over up with an empty memory cache.
func serve(t testing.TB, up *upstreamtest.Upstreams) *client {
	t.Helper()
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	store, err := cache.New(cache.Config{TTL: 30 * time.Second, StaleIfError: time.Minute, AbsentTTL: 5 * time.Second, MemoryMB: 16}, log, reg)
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	loaders, err := services.New(up.Config(), upstream.Config{Timeout: 10 * time.Second}, store, upstream.NewMetrics(reg))
	must(t, err)
	root := &resolvers.Resolver{Services: loaders}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: root})
	plan, err := lookahead.New(schema.Schema(), root.Joins())
	must(t, err)
	s := httptest.NewServer(graphqlserver.New(schema, plan, graphqlserver.Config{}, log, reg))
	t.Cleanup(s.Close)
	return &client{t, s.URL}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask posts a query and gives the answer as it came.
func (c *client) ask(query string, variables ...map[string]any) string {
	c.t.Helper()
	request := map[string]any{"query": query}
	for _, v := range variables {
		request["variables"] = v
	}
	body, err := json.Marshal(request)
	must(c.t, err)
	resp, err := http.Post(c.url, "application/json", bytes.NewReader(body))
	must(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	must(c.t, err)
	return strings.TrimSpace(string(answer))
}
