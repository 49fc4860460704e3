package resolvers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
	"tributary/gateway/telemetry"
	"tributary/graph"
	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers"
	"tributary/services"
)

// A panic costs the fields that waited for what panicked, of one request. It is
// logged once, with its stack, under the id of the request, and counted once.
func TestPanic_InLoad(t *testing.T) {
	reg := prometheus.NewRegistry()
	store, err := entitycache.New(entitycache.Config{MemoryMB: 1}, slog.New(slog.DiscardHandler), reg)
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	well := func(_ context.Context, ids []string) (map[string][]*services.Order, error) {
		return map[string][]*services.Order{ids[0]: {}}, nil
	}
	broken := func(_ context.Context, ids []string) (map[string]*services.User, error) {
		if ids[0] == "u1" {
			panic("secret of a load")
		}
		return map[string]*services.User{ids[0]: {ID: ids[0]}}, nil
	}
	for name, load := range map[string]batch.Func[string, *services.User]{
		"behind the cache": entitycache.ReadThrough(store, entitycache.Kind{Name: "user", Service: upstreamtest.Users}, broken), "in the loader": broken,
	} {
		t.Run(name, func(t *testing.T) {
			root := &resolvers.Resolver{Loaders: &resolvers.Loaders{
				UserByID: batch.NewLoader(load, batch.Options{Service: upstreamtest.Users, Unbatched: true}),
				Orders:   batch.NewLoader(well, batch.Options{Service: upstreamtest.Orders, Unbatched: true}),
			}}
			schema := graph.NewExecutableSchema(graph.Config{Resolvers: root})
			plan, err := lookahead.New(schema.Schema(), root.Joins())
			must(t, err)
			var log bytes.Buffer
			figures := prometheus.NewRegistry()
			server := httptransport.New(engine.New(engine.Config{}, engine.Deps{Schema: schema, Plan: plan, Log: telemetry.NewLogger(&log, telemetry.LogConfig{}), Registerer: figures}), nil)
			ask := func(query string) string {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"query":"`+query+`"}`))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				server.ServeHTTP(w, r.WithContext(report.WithRequest(r.Context(), &report.Request{ID: "r1"})))
				return w.Body.String()
			}
			var others sync.WaitGroup
			for range 10 {
				others.Go(func() {
					if got := ask(`{ user(id: \"u2\") { id } }`); got != `{"data":{"user":{"id":"u2"}}}`+"\n" {
						t.Errorf("another request: %s", got)
					}
				})
			}
			got := ask(`{ a: user(id: \"u1\") { id } b: user(id: \"u1\") { id } orders(userId: \"u1\") { id } }`)
			others.Wait()
			if !strings.Contains(got, `"data":{"a":null,"b":null,"orders":[]}`) || strings.Count(got, "INTERNAL") != 2 || strings.Contains(got, "secret") {
				t.Errorf("got %s", got)
			}
			expectOnePanic(t, log.String(), figures)
		})
	}
}

func expectOnePanic(t *testing.T, log string, figures *prometheus.Registry) {
	t.Helper()
	panics := 0
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Level, Panic, Stack, RequestID string }
		must(t, json.Unmarshal([]byte(strings.ReplaceAll(line, "request_id", "requestID")), &entry))
		if entry.Msg != "panic" {
			continue
		}
		panics++
		if entry.Level != "ERROR" || entry.Panic != "secret of a load" || !strings.Contains(entry.Stack, "panic_test.go") || entry.RequestID != "r1" {
			t.Errorf("logged %s", line)
		}
	}
	if panics != 1 {
		t.Errorf("%d panics logged of 1", panics)
	}
	if n, found := testkit.Metric(t, figures, "graphql_panics_total"); n != 1 || !found {
		t.Errorf("%v panics counted of 1", n)
	}
}
