package resolvers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine/httptransport"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
)

const (
	profileQuery = `{ profile(userId: \"u1\") { user { id username email fullName isActive createdAt } orders { id status totalAmount createdAt items { productId quantity price } } products { id name description price category stockQuantity } } }`
	listQuery    = `{ users(ids: $ids) { username orders { id totalAmount items { quantity price product { name price } } } } }`
)

// Requests go straight to the handlers: what is measured is the gateway's own
// work and, where nothing is cached, that of the services it asks.

func BenchmarkColdProfile(b *testing.B) { benchmark(b, graphQL, profilePost(), shop(), cold()) }

// A client that asks for a trace where none is told costs what any other does:
// its header.
func BenchmarkColdProfileTrace(b *testing.B) {
	for name, on := range map[string]bool{"off": false, "on": true} {
		b.Run(name, func(b *testing.B) {
			with := cold()
			with.GraphQL.Trace = on
			benchmark(b, graphQL, func() *http.Request {
				r := profilePost()()
				r.Header.Set(httptransport.TraceHeader, "1")
				return r
			}, shop(), with)
		})
	}
}

func BenchmarkCachedProfileByGraphQL(b *testing.B) {
	benchmark(b, graphQL, profilePost(), shop(), graphtest.DefaultSetup())
}
func BenchmarkCachedProfileByREST(b *testing.B) {
	benchmark(b, byREST, profileGet(), shop(), graphtest.DefaultSetup())
}

func Benchmark20UsersOf5OrdersOf3Items(b *testing.B) {
	for name, with := range map[string]graphtest.Setup{"cold": cold(), "cached": graphtest.DefaultSetup()} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, graphQL, listPost(), upstreamtest.NewData(20, 5, 3, 100), with)
		})
	}
}

// cold is a setup in which every entry is too old as soon as it is there.
func cold() graphtest.Setup {
	return graphtest.Setup{Timeout: graphtest.DefaultSetup().Timeout, TTL: time.Nanosecond}
}

// entitiesAlone is a setup in which whole answers are not kept.
func entitiesAlone() graphtest.Setup {
	with := graphtest.DefaultSetup()
	with.ResponseMB = 0
	return with
}

func shop() upstreamtest.Data { return upstreamtest.NewData(1, 2, 2, 3) }

func graphQL(s *graphtest.Server) http.Handler { return s }

func byREST(s *graphtest.Server) http.Handler {
	return rest.NewProfile(s.Engine, func(*http.Request) string { return "u1" }, graphtest.DefaultSetup().TTL, prometheus.NewRegistry())
}

func benchmark(b *testing.B, handler func(*graphtest.Server) http.Handler, request func() *http.Request, data upstreamtest.Data, with graphtest.Setup) {
	b.Helper()
	h := serving(b, handler, data, with)
	serveOnce := func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request())
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"errors"`) {
			b.Fatal(w.Body)
		}
	}
	serveOnce()
	b.ReportAllocs()
	for b.Loop() {
		serveOnce()
	}
}

// serving is a handler over the services of a test.
func serving(t testing.TB, handler func(*graphtest.Server) http.Handler, data upstreamtest.Data, with graphtest.Setup) http.Handler {
	t.Helper()
	with.GraphQL.DocumentsMB = 16 // as by default
	server, stop, err := graphtest.New(upstreamtest.New(t, data), with)
	must(t, err)
	t.Cleanup(func() { must(t, stop()) })
	return handler(server)
}

func profileGet() func() *http.Request {
	return func() *http.Request { return httptest.NewRequest(http.MethodGet, "/api/profile/u1", http.NoBody) }
}

func profilePost() func() *http.Request { return post(`{"query":"` + profileQuery + `"}`) }

func listPost() func() *http.Request {
	return post(`{"query":"query($ids: [ID!]!) ` + listQuery + `","variables":{"ids":[` + ids("u", 20) + `]}}`)
}

func post(body string) func() *http.Request {
	return func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		return r
	}
}
