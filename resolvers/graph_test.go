package resolvers_test

import (
	"bytes"
	"encoding/json"
	"errors"
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

// setup is what differs from test to test.
type setup struct {
	timeout time.Duration // of a call
	ttl     time.Duration // of an entry of the cache
}

// usual is a setup in which calls are made once and have all the time that they
// need: a test sees what it asks for and nothing of retries and circuits.
var usual = setup{timeout: 10 * time.Second, ttl: 30 * time.Second}

// serve starts a graph over up with an empty memory cache.
func serve(t testing.TB, up *upstreamtest.Upstreams) *client { return serveWith(t, up, usual) }

func serveWith(t testing.TB, up *upstreamtest.Upstreams, with setup) *client {
	t.Helper()
	server, stop, err := newServer(up, with)
	must(t, err)
	s := httptest.NewServer(server)
	t.Cleanup(func() {
		s.Close()
		must(t, stop())
	})
	return &client{t, s.URL}
}

// newServer makes a graph over up with an empty memory cache, which stop closes.
func newServer(up *upstreamtest.Upstreams, with setup) (server *graphqlserver.Server, stop func() error, err error) {
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	store, err := cache.New(cache.Config{TTL: with.ttl, StaleIfError: time.Minute, AbsentTTL: 5 * time.Second, MemoryMB: 16}, log, reg)
	if err != nil {
		return nil, nil, err
	}
	loaders, err := services.New(up.Config(), upstream.Config{Timeout: with.timeout}, store, upstream.NewMetrics(reg))
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	root := &resolvers.Resolver{Services: loaders}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: root})
	plan, err := lookahead.New(schema.Schema(), root.Joins())
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return graphqlserver.New(schema, plan, graphqlserver.Config{}, log, reg), store.Close, nil
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
