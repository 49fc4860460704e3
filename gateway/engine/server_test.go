package engine_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/engine/stream"
	"tributary/gateway/lookahead"
	"tributary/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	graphQL = "application/graphql-response+json"
	plain   = "application/json"
)

// server answers with the schema of this test and keeps what it logs and counts.
type server struct {
	t       testing.TB
	schema  *schema
	handler *gateway
	metrics *prometheus.Registry
	log     *logged
}

// logged is a log that may be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// gateway is an engine that is served over HTTP.
type gateway struct {
	*engine.Engine
	*httptransport.Handler
}

func newGateway(cfg engine.Config, deps engine.Deps) *gateway {
	e := engine.New(cfg, deps)
	return &gateway{e, httptransport.New(e, nil)}
}

// streamConfig has the settings and the dependencies of streams.
type streamConfig struct {
	stream.Config

	Timeout time.Duration
	SignIn  stream.SignIn
}

func newStreams(g *gateway, cfg streamConfig, reg prometheus.Registerer) *stream.Streams {
	return stream.New(cfg.Config, stream.Deps{Engine: g.Engine, HTTP: g.Handler, Timeout: cfg.Timeout, SignIn: cfg.SignIn, Registerer: reg})
}

// newServer returns a server; deps has further dependencies of its engine.
func newServer(t testing.TB, cfg engine.Config, deps ...engine.Deps) *server {
	t.Helper()
	s := &server{t: t, schema: newSchema(), metrics: prometheus.NewRegistry(), log: &logged{}}
	plan, err := lookahead.New(s.schema.Schema(), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	with := append(deps, engine.Deps{})[0]
	with.Schema, with.Plan, with.Log, with.Registerer = s.schema, plan, log, s.metrics
	s.handler = newGateway(cfg, with)
	return s
}

// reply is an answer that has arrived.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	text   string
}

// do sends a request with headers that are given in pairs.
func (s *server) do(method, target, body string, header ...string) reply {
	s.t.Helper()
	r := httptest.NewRequest(method, "/graphql", strings.NewReader(body)).WithContext(s.t.Context())
	r.URL.RawQuery = target
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return reply{s.t, w.Code, w.Header(), w.Body.String()}
}

func (s *server) post(body string, header ...string) reply {
	s.t.Helper()
	return s.do(http.MethodPost, "", body, append([]string{"Content-Type", plain, "Accept", graphQL}, header...)...)
}

// ask posts a query.
func (s *server) ask(query string) reply {
	s.t.Helper()
	return s.post(body(s.t, query))
}

func body(t testing.TB, query string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// count reads a metric; labels are values of its labels.
func (s *server) count(name string, labels ...string) float64 {
	s.t.Helper()
	n, _ := testkit.Metric(s.t, s.metrics, name, labels...)
	return n
}

type answer struct {
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Message    string                       `json:"message"`
		Path       []any                        `json:"path"`
		Locations  []struct{ Line, Column int } `json:"locations"`
		Extensions map[string]any               `json:"extensions"`
	} `json:"errors"`
	Extensions map[string]any `json:"extensions"`
}

func (r reply) answer() (a answer) {
	r.t.Helper()
	d := json.NewDecoder(strings.NewReader(r.text))
	if err := d.Decode(&a); err != nil {
		r.t.Fatalf("%v: %q", err, r.text)
	}
	if _, err := d.Token(); err != io.EOF {
		r.t.Fatalf("more than one value: %q", r.text)
	}
	return a
}

// expect sees that an answer has a status and, where it has errors, a code.
func (r reply) expect(status int, code string) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("status %d, want %d: %.300s", r.status, status, r.text)
	}
	a := r.answer()
	switch {
	case code == "" && len(a.Errors) > 0, code != "" && len(a.Errors) == 0:
		r.t.Errorf("code %q is wanted of %.300s", code, r.text)
	case code != "" && a.Errors[0].Extensions["code"] != code:
		r.t.Errorf("code %v, want %s", a.Errors[0].Extensions["code"], code)
	}
	return r
}

// data sees that the data of an answer are as given.
func (r reply) data(want string) {
	r.t.Helper()
	if got := string(r.answer().Data); got != want {
		r.t.Errorf("data %s, want %s in %.300s", got, want, r.text)
	}
}
