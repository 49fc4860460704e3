package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/admin"
	"tributary/gateway/engine"
	"tributary/gateway/httpserver"
	"tributary/gateway/internal/testgraph"
	"tributary/gateway/lookahead"
	"tributary/gateway/responsecache"
	"tributary/gateway/telemetry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

const authorQuery = `query Author($id: ID!) { author(id: $id) { name books { title price } } }`

// library is a graph with all that one can have.
func library() *Graph {
	serve := func(service string) func(ExampleOptions) http.Handler {
		return func(ExampleOptions) http.Handler { return testgraph.Handler(service) }
	}
	return &Graph{
		Name: "library", Version: "1.2.3", Description: "Authors and their books.",
		Services: []Service{
			{Name: testgraph.Authors, URL: "http://localhost:9001", Example: &Example{Name: "author-service", Addr: "127.0.0.1:0", New: serve(testgraph.Authors)}},
			{Name: testgraph.Books, URL: "http://localhost:9002", Example: &Example{Name: "book-service", Addr: "127.0.0.1:0", New: serve(testgraph.Books)}},
		},
		Schema: func(d *Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error) {
			return testgraph.New(testgraph.Dependencies(*d))
		},
		Operations: []string{authorQuery},
		Examples:   fstest.MapFS{"1.graphql": {Data: []byte(authorQuery)}, "1.json": {Data: []byte(`{"id":"a1"}`)}},
		Routes: func(api *API) []Route {
			return []Route{{Pattern: "/api/authors/{id}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id := httpserver.PathParam(r, "id")
				key := responsecache.NewKey("author", []byte(id))
				result := api.Engine.LookupCached(r.Context(), key)
				if result == nil {
					result = api.Engine.Execute(r.Context(), engine.Request{
						Query: authorQuery, Variables: map[string]any{"id": id}, ReadOnly: true, Fingerprint: key,
					})
				}
				if refusal := cmp.Or(result.Refusal(), result.Overload()); refusal != nil {
					httpserver.WriteFault(w, r, refusal)
					return
				}
				_, _ = w.Write(result.Data)
			})}}
		},
		OpenAPI: []byte("openapi: 3.1.0\n"),
		Pages: []Page{{Path: "/shelf", Title: "Shelf", About: "All books", Files: fstest.MapFS{
			"index.html": {Data: []byte("<html>shelf</html>")},
		}}},
		Hints: []string{"curl {gateway}/api/authors/a1"},
	}
}

// run runs a command to its end.
func run(t *testing.T, g *Graph, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	code = Run(ctx, g, Environment{Args: args, Getenv: func(name string) string { return env[name] }, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	if ctx.Err() != nil {
		t.Fatalf("%v went on running", args)
	}
	return code, out.String(), errs.String()
}

// start runs dev on free ports until the end of the test, and returns the URL of the
// gateway.
func start(t *testing.T, g *Graph, args ...string) (gateway, banner string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	var done sync.WaitGroup
	done.Go(func() {
		code := Run(ctx, g, Environment{Args: append([]string{"dev", "--addr=127.0.0.1:0", "--drain-delay=0s"}, args...),
			Getenv: func(string) string { return "" }, Stdout: w, Stderr: io.Discard})
		_ = w.CloseWithError(fmt.Errorf("exit code %d", code))
		if code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		_ = r.Close()
		done.Wait()
	})
	buf := make([]byte, 4096)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	banner = string(buf[:n])
	found := regexp.MustCompile(`GraphQL +(http://[^/]+)/graphql`).FindStringSubmatch(banner)
	if found == nil {
		t.Fatalf("no address in %s", banner)
	}
	return found[1], banner
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// assemble returns the gateway of the library over services, with settings as flags
// have them by default.
func assemble(t testing.TB, urls map[string]string, log func(telemetry.LogConfig) *slog.Logger, change func(*gatewayConfig)) (http.Handler, *prometheus.Registry) {
	t.Helper()
	command := &gatewayCommand{Gateway: newGatewayConfig(library())}
	parser, err := newParserOf(command)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	cfg := command.Gateway
	for i, s := range cfg.graph.Services {
		cfg.services[i].URL = urls[s.Name]
	}
	if change != nil {
		change(&cfg)
	}
	reg := telemetry.NewRegistry("test")
	stderr := telemetry.NewOutput(io.Discard)
	defer stderr.Close()
	reg.MustRegister(stderr.Dropped())
	handlers, release, err := newGateway(cfg, admin.New(cfg.Admin, true), "test", &httpserver.Readiness{}, log(command.Log), reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := release(); err != nil {
			t.Error(err)
		}
	})
	return handlers.clients, reg
}

func silent(telemetry.LogConfig) *slog.Logger { return slog.New(slog.DiscardHandler) }

func ask(handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
