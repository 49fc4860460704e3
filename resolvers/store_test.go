package resolvers_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
	orders "tributary/services/orders/server"
	products "tributary/services/products/server"
	"tributary/services/restservice"
	users "tributary/services/users/server"
)

// store is a gateway over the example services.
type store struct {
	t        *testing.T
	url      string
	services map[string]string // URLs
	servers  map[string]*httptest.Server

	mu    sync.Mutex
	calls []string // of the services: method, path, and body if there is one
	keys  []string // the Idempotency-Key of each write
	fault writeFault
	sent  int // writes since fault was set
	done  int // executions of writes
}

// A writeFault is what happens to the nth write that a service receives, counted from 0.
type writeFault func(n int, w http.ResponseWriter, execute func(http.ResponseWriter))

// executed lets a service execute the write, and keeps its response back.
func executed(execute func(http.ResponseWriter)) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	execute(w)
	return w
}

// lost executes writes, and closes their connections.
func lost(_ int, _ http.ResponseWriter, execute func(http.ResponseWriter)) {
	executed(execute)
	panic(http.ErrAbortHandler)
}

func newStore(t *testing.T, change ...func(*graphtest.Setup)) *store {
	t.Helper()
	s := &store{t: t, services: map[string]string{}, servers: map[string]*httptest.Server{}}
	for name, service := range map[string]*restservice.Service{
		"users":    users.New(restservice.Options{Faults: true}),
		"orders":   orders.New(restservice.Options{Faults: true}),
		"products": products.New(restservice.Options{Faults: true}),
	} {
		server := httptest.NewServer(s.counted(service))
		t.Cleanup(server.Close)
		s.services[name], s.servers[name] = server.URL, server
	}
	with := graphtest.DefaultSetup()
	with.Calls.Retries = 2
	for _, change := range change {
		change(&with)
	}
	graph, stop, err := graphtest.NewWithServices(upstreamtest.Config{
		UsersURL: s.services["users"], OrdersURL: s.services["orders"], ProductsURL: s.services["products"],
	}, with)
	must(t, err)
	reg := prometheus.NewRegistry()
	router := httpserver.NewRouter(slog.New(slog.DiscardHandler), reg)
	router.Handle("/graphql", graph)
	router.Method(http.MethodGet, "/api/profile/{id}", rest.NewProfile(graph.Engine,
		func(r *http.Request) string { return httpserver.PathParam(r, "id") }, with.TTL, reg))
	gateway := httptest.NewServer(router)
	t.Cleanup(func() {
		gateway.Close()
		must(t, stop())
	})
	s.url = gateway.URL
	return s
}

func (s *store) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Of-Test") == "" {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			s.mu.Lock()
			s.calls = append(s.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
			key, n := r.Header.Get("Idempotency-Key"), s.sent
			if key != "" {
				s.keys = append(s.keys, key)
				s.sent++
			}
			fault := s.fault
			s.mu.Unlock()
			execute := func(w http.ResponseWriter) {
				if key != "" {
					w = executionCounter{w, s}
				}
				next.ServeHTTP(w, r)
			}
			if key != "" && fault != nil {
				fault(n, w, execute)
				return
			}
			execute(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// close ends a service.
func (s *store) close(service string) {
	s.servers[service].CloseClientConnections()
	s.servers[service].Close()
}

// executionCounter counts a response of a service that has executed a write: one that is no
// refusal, and was not given before to a request with the same key.
type executionCounter struct {
	http.ResponseWriter

	store *store
}

// WriteHeader implements [http.ResponseWriter].
func (c executionCounter) WriteHeader(status int) {
	if status < 300 && c.Header().Get("Idempotent-Replayed") == "" {
		c.store.mu.Lock()
		c.store.done++
		c.store.mu.Unlock()
	}
	c.ResponseWriter.WriteHeader(status)
}

// executions returns the number of writes that were executed.
func (s *store) executions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// called returns the calls since it was last called, in order, and the keys of the writes.
func (s *store) called() (calls, keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, keys = s.calls, s.keys
	s.calls, s.keys = nil, nil
	return calls, keys
}

// wantCalls expects the calls since the last look, in any order.
func (s *store) wantCalls(want ...string) {
	s.t.Helper()
	got, _ := s.called()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("calls\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (s *store) send(method, url, body string, header ...string) (status int, response string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	must(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	must(s.t, err)
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// ask executes an operation and returns its response.
func (s *store) ask(query string, header ...string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	must(s.t, err)
	_, response := s.send(http.MethodPost, s.url+"/graphql", string(body), header...)
	return response
}

// wantAnswer expects the whole response to an operation.
func (s *store) wantAnswer(query, want string) {
	s.t.Helper()
	if got := s.ask(query); got != want {
		s.t.Errorf("%s: %s, want %s", query, got, want)
	}
}

// profile returns the REST profile of a user.
func (s *store) profile(id string) string {
	s.t.Helper()
	status, body := s.send(http.MethodGet, s.url+"/api/profile/"+id, "")
	if status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
	return body
}

// breaks puts fault rules in force at a service.
func (s *store) breaks(service, rules string) {
	s.t.Helper()
	if status, body := s.send(http.MethodPut, s.services[service]+"/_faults", rules, "X-Of-Test", "1"); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
}

// suffer lets a fault happen to all writes from now on; nil is none.
func (s *store) suffer(fault writeFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.sent = fault, 0
}

// refusal is what an error of a mutation says.
type refusal struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Service, Outcome string
		Problem                struct {
			Status int
			Title  string
			Detail string
			Errors []struct{ Pointer, Detail string }
		}
	}
}

// refused returns the only error of a response.
func (s *store) refused(response string) refusal {
	s.t.Helper()
	var body struct{ Errors []refusal }
	must(s.t, json.Unmarshal([]byte(response), &body))
	if len(body.Errors) != 1 {
		s.t.Fatalf("%d errors in %s", len(body.Errors), response)
	}
	return body.Errors[0]
}
