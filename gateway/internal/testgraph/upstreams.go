package testgraph

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// Handler serves the service of a name. There are authors a1, a2, … without end, and
// each has three books: those of a1 are b1-1, b1-2 and b1-3. Ids of another form are
// unknown. Writes change what it answers from then on.
func Handler(service string) http.Handler {
	mux, s := http.NewServeMux(), newShelves()
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	switch service {
	case Authors:
		mux.HandleFunc("PATCH /authors/{id}", s.updateAuthor)
		mux.HandleFunc("GET /authors/{id}", func(w http.ResponseWriter, r *http.Request) {
			a := s.author(r.PathValue("id"))
			if a == nil {
				http.NotFound(w, r)
				return
			}
			answer(w, a)
		})
	case Books:
		mux.HandleFunc("POST /books", s.publish)
		mux.HandleFunc("POST /books/{id}/withdraw", s.withdraw)
		mux.HandleFunc("PUT /books/{id}", s.replace)
		mux.HandleFunc("POST /books/batch", func(w http.ResponseWriter, r *http.Request) {
			var asked struct {
				IDs []string `json:"ids"`
			}
			if json.NewDecoder(r.Body).Decode(&asked) != nil {
				http.Error(w, "not JSON", http.StatusBadRequest)
				return
			}
			found := []*Book{}
			for _, id := range asked.IDs {
				if b := s.book(id); b != nil {
					found = append(found, b)
				}
			}
			answer(w, found)
		})
	}
	return mux
}

func authorOf(id string) *Author {
	n, ok := strings.CutPrefix(id, "a")
	if !ok {
		return nil
	}
	return &Author{ID: id, Name: "Author " + n, BookIDs: []string{"b" + n + "-1", "b" + n + "-2", "b" + n + "-3"}}
}

func bookOf(id string) *Book {
	rest, ok := strings.CutPrefix(id, "b")
	author, n, both := strings.Cut(rest, "-")
	if !ok || !both {
		return nil
	}
	return &Book{ID: id, Title: "Book " + n + " of " + author, Price: scalar.Decimal("9.90"), AuthorID: "a" + author}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// Upstreams are both services, which run for a test and count their calls.
type Upstreams struct {
	URLs  map[string]string // by service
	calls map[string]*atomic.Int64
}

// Start starts both services until the end of the test.
func Start(t testing.TB) *Upstreams {
	t.Helper()
	u := &Upstreams{URLs: map[string]string{}, calls: map[string]*atomic.Int64{}}
	for _, service := range []string{Authors, Books} {
		calls, handler := &atomic.Int64{}, Handler(service)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/health" {
				calls.Add(1)
			}
			handler.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		u.URLs[service], u.calls[service] = server.URL, calls
	}
	return u
}

// Calls returns the number of calls to each service so far, as in "authors=1 books=2".
func (u *Upstreams) Calls() string {
	return fmt.Sprintf("authors=%d books=%d", u.calls[Authors].Load(), u.calls[Books].Load())
}

// Assembled is the graph over running services, ready to be served.
type Assembled struct {
	*Upstreams
	Schema graphql.ExecutableSchema
	Plan   *lookahead.Plan
	Cache  *entitycache.Cache
}

// Assemble starts the services and builds the graph over them until the end of the test,
// with an empty cache in memory.
func Assemble(t testing.TB) Assembled {
	t.Helper()
	up, log, reg := Start(t), slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	store, err := entitycache.New(entitycache.Config{TTL: 30 * time.Second, StaleIfError: time.Minute, MemoryMB: 16}, log, reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	metrics, clients := upstream.NewMetrics(reg), map[string]*upstream.Client{}
	for service, url := range up.URLs {
		if clients[service], err = upstream.NewClient(service, url, upstream.Config{Timeout: 10 * time.Second}, metrics); err != nil {
			t.Fatal(err)
		}
	}
	schema, joins, err := New(Dependencies{Clients: clients, Cache: store, Batches: batch.NewMetrics(reg)})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := lookahead.New(schema.Schema(), joins)
	if err != nil {
		t.Fatal(err)
	}
	return Assembled{Upstreams: up, Schema: schema, Plan: plan, Cache: store}
}
