package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/lookahead"
	"tributary/graph"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers"
	"tributary/resolvers/rest"
)

// ask answers one request without a network, so that its context is the test's.
func ask(ctx context.Context, server *engine.Engine) *httptest.ResponseRecorder {
	profile := rest.NewProfile(server, func(*http.Request) string { return "u1" }, time.Minute, prometheus.NewRegistry())
	w := httptest.NewRecorder()
	profile.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody).WithContext(ctx))
	return w
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return p.Code
}

func TestUnavailable_Timeout(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	up.Delay(func(upstreamtest.Call) time.Duration { return time.Minute })
	server, stop, err := graphtest.New(up, graphtest.DefaultSetup())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop() }()
	for name, left := range map[string]time.Duration{"before it begins": -time.Second, "while it waits": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			defer cancel()
			w := ask(ctx, server.Engine)
			if w.Code != http.StatusServiceUnavailable || code(t, w) != "UPSTREAM_TIMEOUT" || w.Header().Get("Retry-After") == "" {
				t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
			}
		})
	}
}

// Resolvers without services are a defect of the gateway as good as any.
func TestUnavailable_Internal(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: &resolvers.Resolver{Loaders: &resolvers.Loaders{}}})
	plan, err := lookahead.New(schema.Schema(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	server := engine.New(engine.Config{}, engine.Deps{Schema: schema, Plan: plan, Log: slog.New(slog.NewJSONHandler(&log, nil)), Registerer: prometheus.NewRegistry()})
	w := ask(t.Context(), server)
	if w.Code != http.StatusInternalServerError || code(t, w) != "INTERNAL" || w.Header().Get("Retry-After") != "" {
		t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
	}
	if strings.Contains(w.Body.String(), "nil pointer") || !strings.Contains(log.String(), "nil pointer") {
		t.Errorf("the client reads %s, the log %s", w.Body, log.String())
	}
}
