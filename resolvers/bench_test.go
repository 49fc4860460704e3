package resolvers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/graphqlserver"
	"tributary/internal/upstreamtest"
	"tributary/resolvers/rest"
)

const (
	profileQuery = `{ profile(userId: \"u1\") { user { id username email fullName isActive createdAt } orders { id status totalAmount createdAt items { productId quantity price } } products { id name description price category stockQuantity } } }`
	listQuery    = `{ users(ids: $ids) { username orders { id totalAmount items { quantity price product { name price } } } } }`
)

// Requests go straight to the handlers: what is measured is the gateway's own
// work and, where nothing is cached, that of the services it asks.

func BenchmarkColdProfile(b *testing.B) { benchmark(b, graphQL, profilePost(), shop(), cold) }
func BenchmarkCachedProfileByGraphQL(b *testing.B) {
	benchmark(b, graphQL, profilePost(), shop(), usual)
}
func BenchmarkCachedProfileByREST(b *testing.B) { benchmark(b, byREST, profileGet(), shop(), usual) }

func Benchmark20UsersOf5OrdersOf3Items(b *testing.B) {
	for name, with := range map[string]setup{"cold": cold, "cached": usual} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, graphQL, listPost(), upstreamtest.Shop(20, 5, 3, 100), with)
		})
	}
}

// cold is a setup in which every entry is too old as soon as it is there.
var cold = setup{timeout: usual.timeout, ttl: time.Nanosecond}

func shop() upstreamtest.Data { return upstreamtest.Shop(1, 2, 2, 3) }

func graphQL(s *graphqlserver.Server) http.Handler { return s }

func byREST(s *graphqlserver.Server) http.Handler {
	return rest.NewProfile(s, func(*http.Request) string { return "u1" }, usual.ttl, prometheus.NewRegistry())
}

func benchmark(b *testing.B, handler func(*graphqlserver.Server) http.Handler, request func() *http.Request, data upstreamtest.Data, with setup) {
	b.Helper()
	server, stop, err := newServer(upstreamtest.New(b, data), with)
	must(b, err)
	b.Cleanup(func() { must(b, stop()) })
	h := handler(server)
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
