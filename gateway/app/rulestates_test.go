package app

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/gateway/access"
	"tributary/gateway/auth/authtest"
	"tributary/gateway/entitycache/redistest"
	"tributary/gateway/internal/testgraph"
)

// countedBooks is the service of books. It counts the calls for the books of each author,
// and fails while it is down.
type countedBooks struct {
	url  string
	down atomic.Bool

	mu    sync.Mutex
	calls map[string]int // by the author's number
}

func newCountedBooks(t *testing.T) *countedBooks {
	t.Helper()
	b := &countedBooks{calls: map[string]int{}}
	service, firstBook := testgraph.Handler(testgraph.Books), regexp.MustCompile(`"b(\d+)-1"`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		for _, id := range firstBook.FindAllStringSubmatch(string(body), -1) {
			b.calls[id[1]]++
		}
		b.mu.Unlock()
		if b.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		service.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *countedBooks) callsOf(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[fmt.Sprint(n)]
}

// persisted sends a query by its hash alone, once it is stored.
func persisted(t *testing.T, gateway, query, id, authorization string) string {
	t.Helper()
	extensions := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sha256.Sum256([]byte(query)))
	stored := strings.Replace(requestOf(t, query, id), "{", "{"+extensions+",", 1)
	fetch(t, http.MethodPost, gateway+"/graphql", stored, authorization, "application/json")
	byHash := fmt.Sprintf(`{%s,"variables":{"id":%q}}`, extensions, id)
	return fetch(t, http.MethodPost, gateway+"/graphql", byHash, authorization, "application/json")
}

func byREST(t *testing.T, gateway, _, id, authorization string) string {
	t.Helper()
	return fetch(t, http.MethodGet, gateway+"/api/authors/"+id, "", authorization, "application/json")
}

// TestRules_CacheStates has a viewer with the scope fill the caches, and others ask for the
// same by every transport, whatever state the entries and responses are in: a viewer
// without it sees nothing, and causes no call, also not in the background.
func TestRules_CacheStates(t *testing.T) {
	p := authtest.New(t)
	redis := redistest.Start(t)
	ways := map[string]func(t *testing.T, gateway, query, id, authorization string) string{"persisted": persisted, "REST": byREST}
	for name, send := range transports {
		ways[name] = send
	}
	const ttl = 20 * time.Millisecond
	for state, tt := range map[string]struct {
		ttl    time.Duration
		lasts  time.Duration // how long each viewer goes on asking
		shared bool          // the caches were filled through another gateway
		down   bool          // the service fails once the caches are filled
	}{
		"fresh":                               {ttl: time.Hour},
		"fresh in Redis":                      {ttl: time.Hour, shared: true},
		"stale, the service is down":          {ttl: time.Millisecond, down: true},
		"due for refresh ahead, then expired": {ttl: ttl, lasts: 3 * ttl},
	} {
		t.Run(state, func(t *testing.T) {
			books, authors := newCountedBooks(t), testgraph.Start(t)
			gateway := func() string {
				handler, _ := assemble(t, map[string]string{testgraph.Authors: authors.URLs[testgraph.Authors], testgraph.Books: books.url}, silent, func(cfg *gatewayConfig) {
					withRules(access.Rules{"Author.books": {Scopes: [][][]string{{{"books"}}}}})(cfg)
					cfg.Auth, cfg.Cache.TTL, cfg.Cache.StaleIfError, cfg.Upstream.QueueWait = p.Config(), tt.ttl, time.Hour, 20*time.Millisecond
					if tt.shared {
						cfg.Cache.RedisURL = redis.URL()
					}
				})
				server := httptest.NewServer(handler)
				t.Cleanup(server.Close)
				return server.URL
			}
			filled := gateway()
			asked := filled
			if tt.shared {
				asked = gateway()
			}
			defer http.DefaultClient.CloseIdleConnections()
			good := "Bearer " + p.Token(t, "v1", map[string]any{"scope": "books"})
			viewers := map[string]struct{ authorization, code string }{
				"nobody": {"", "UNAUTHENTICATED"}, "no scopes": {"Bearer " + p.Token(t, "v1", nil), "FORBIDDEN"}, "the scope": {good, ""},
			}
			const query = `query ($id: ID!) { author(id: $id) { name books { title } } }`
			// Each request is for another author, so that calls can be distinguished.
			number, n := map[string]int{}, 0
			for way := range ways {
				for viewer := range viewers {
					n++
					number[way+viewer] = n
					ways[way](t, filled, query, fmt.Sprint("a", n), good)
				}
			}
			books.down.Store(tt.down)
			for way, send := range ways {
				for name, viewer := range viewers {
					n := number[way+name]
					before := books.callsOf(n)
					for started := time.Now(); ; {
						got := strings.ReplaceAll(send(t, asked, query, fmt.Sprint("a", n), viewer.authorization), `\"`, `"`)
						saw := strings.Contains(got, fmt.Sprintf(`"Book 1 of %d"`, n))
						if viewer.code == "" && !saw || viewer.code != "" && (strings.Contains(got, "Book ") || !strings.Contains(got, `"`+viewer.code+`"`)) {
							t.Errorf("%s by %s: %s", name, way, got)
						}
						if time.Since(started) >= tt.lasts {
							break
						}
					}
					if calls := books.callsOf(n) - before; viewer.code != "" && calls != 0 {
						t.Errorf("%s by %s caused %d calls", name, way, calls)
					}
				}
			}
		})
	}
}

// A rule holds for what a mutation returns; the write itself is not concerned.
func TestRules_PayloadOfMutation(t *testing.T) {
	p := authtest.New(t)
	handler, up := newViewed(t, p, withRules(access.Rules{"Author.books": {}}))
	server := httptest.NewServer(handler)
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	n := 0
	for transport, send := range transports {
		if transport == "GET" { // which writes nothing
			continue
		}
		n++
		id, before := fmt.Sprint("a", n), booksCalls(up)
		got := send(t, server.URL, `mutation ($id: ID!) { updateAuthor(id: $id, input: {name: "Renamed"}) { name books { title } } }`, id, "")
		got = strings.ReplaceAll(got, `\"`, `"`)
		if !strings.Contains(got, `"name":"Renamed","books":null`) || !strings.Contains(got, "UNAUTHENTICATED") || strings.Contains(got, "Book ") || booksCalls(up) != before {
			t.Errorf("%s: %s", transport, got)
		}
	}
}
