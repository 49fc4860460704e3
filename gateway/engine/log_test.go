package engine_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
	"tributary/gateway/telemetry"
)

// record is a line of the log.
type record struct {
	Msg, Path, Code, Service, Operation, Document, Cache, Panic string
	Count, Errors, Suppressed                                   int
}

func records(t testing.TB, text string) (all []record) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r record
		if err := json.Unmarshal([]byte(strings.ReplaceAll(line, "lines_suppressed", "suppressed")), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// logRequest serves a request, and logs it as the router does.
func logRequest(t testing.TB, handler http.Handler, log *slog.Logger, r *http.Request) {
	t.Helper()
	ctx := report.WithRequest(t.Context(), &report.Request{ID: "id"})
	handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
	log.LogAttrs(ctx, slog.LevelInfo, "request", report.RequestFrom(ctx).Attrs(nil)...)
}

func postOf(query, name string) *http.Request {
	text, err := json.Marshal(map[string]string{"query": query, "operationName": name})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(text)))
	r.Header.Set("Content-Type", plain)
	return r
}

func TestLog_LinesOfARequest(t *testing.T) {
	aliases := func(field string) string {
		var b strings.Builder
		for i := range 200 {
			b.WriteString(" a" + strconv.Itoa(i) + ": " + field)
		}
		return b.String()
	}
	const deep = "{ many { many { many { "
	for name, tt := range map[string]struct {
		query string
		want  []record // but for the line of the request
		lines int      // in all
	}{
		"of a service": {
			deep + aliases(`fails(kind: "timeout")`) + "} } } }",
			[]record{{Msg: "field failed", Path: "Query.fails", Code: "UPSTREAM_TIMEOUT", Service: "drafts", Count: 1600}}, 2,
		},
		"internal": {
			deep + aliases(`fails(kind: "unknown")`) + "} } } }",
			[]record{{Msg: "field failed", Path: "Query.fails", Code: "INTERNAL", Count: 1600}}, 2,
		},
		"panics": {
			deep + aliases("panics") + "} } } }",
			[]record{{Msg: "panic", Path: "Query.panics", Panic: "secret-of-the-panic"}, {Msg: "field failed", Path: "Query.panics", Code: "INTERNAL", Count: 1600}}, 5,
		},
		"several": {
			"{ " + aliases(`fails(kind: "timeout")`) + ` b: fails(kind: "input") c: fails(kind: "unknown") panics }`,
			[]record{
				{Msg: "field failed", Path: "Query.fails", Code: "UPSTREAM_TIMEOUT", Service: "drafts", Count: 200},
				{Msg: "field failed", Path: "Query.fails", Code: "BAD_USER_INPUT", Count: 1},
				{Msg: "field failed", Path: "Query.fails", Code: "INTERNAL", Count: 1},
				{Msg: "field failed", Path: "Query.panics", Code: "INTERNAL", Count: 1},
			}, 6,
		},
		"nothing": {"{ hello }", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, log := newLogged(t, engine.Config{})
			logRequest(t, s.handler, log, postOf(tt.query, ""))
			got := records(t, s.log.String())
			if len(got) != tt.lines {
				t.Errorf("%d lines, want %d: %.2000s", len(got), tt.lines, s.log)
			}
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("no %+v in %.2000s", want, s.log)
				}
			}
		})
	}
}

// newLogged is [newServer] with the log of a gateway.
func newLogged(t testing.TB, cfg engine.Config) (*server, *slog.Logger) {
	t.Helper()
	s := &server{t: t, schema: newSchema(), metrics: prometheus.NewRegistry(), log: &logged{}}
	plan, err := lookahead.New(s.schema.Schema(), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := telemetry.NewLogger(s.log, telemetry.LogConfig{Level: "debug"})
	s.handler = newGateway(cfg, engine.Deps{Schema: s.schema, Plan: plan, Log: log, Registerer: s.metrics})
	return s, log
}

// hashed is the short hash of a document.
func hashed(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])[:12]
}

func TestLog_LineOfAnOperation(t *testing.T) {
	long := strings.Repeat("N", 1000)
	for name, tt := range map[string]struct {
		query, operation string
		want             record
	}{
		"named":        {"query Ask { hello }", "", record{Operation: "Ask"}},
		"of several":   {"query A { hello } query B { hello }", "B", record{Operation: "B"}},
		"without name": {"{ hello }", "", record{}},
		"a long name":  {"query " + long + " { hello }", "", record{Operation: long[:128]}},
		"failed":       {`query Ask { fails(kind: "timeout") hello }`, "", record{Operation: "Ask", Errors: 1, Code: "UPSTREAM_TIMEOUT"}},
		"not parsed":   {"query Ask {", "Ask", record{Operation: "Ask", Errors: 1, Code: "GRAPHQL_PARSE_FAILED"}},
		"not valid":    {"{ nothing more }", "", record{Errors: 2, Code: "GRAPHQL_VALIDATION_FAILED"}},
		"no such":      {"{ hello }", "Ask", record{Operation: "Ask", Errors: 1, Code: "GRAPHQL_VALIDATION_FAILED"}},
		"a long one":   {"{", long, record{Operation: long[:128], Errors: 1, Code: "GRAPHQL_PARSE_FAILED"}},
		"no name":      {"{", "u1\n{}", record{Errors: 1, Code: "GRAPHQL_PARSE_FAILED"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, log := newLogged(t, engine.Config{})
			logRequest(t, s.handler, log, postOf(tt.query, tt.operation))
			got := records(t, s.log.String())
			want := tt.want
			want.Msg, want.Document, want.Cache = telemetry.RequestMessage, hashed(tt.query), "hit"
			if last := got[len(got)-1]; last != want {
				t.Errorf("got %+v, want %+v", last, want)
			}
		})
	}
}

// What is served from the response cache is logged like what is executed.
func TestLog_LineOfACachedResponse(t *testing.T) {
	s, schema := newCached(t, `type Query @cacheControl(maxAge: 60) { n: Int }`)
	var text logged
	log := telemetry.NewLogger(&text, telemetry.LogConfig{})
	const query = "query Count { n }"
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/graphql?"+url.Values{"query": {query}}.Encode(), http.NoBody)
		logRequest(t, s.handler, log, r)
	}
	if n := schema.executed.Load(); n != 1 {
		t.Fatalf("executed %d times", n)
	}
	for _, got := range records(t, text.String()) {
		if got.Operation != "Count" || got.Document != hashed(query) {
			t.Errorf("logged %+v", got)
		}
	}
}

// Each operation on a WebSocket is a request of its own, with lines of its own.
func TestLog_LinesOnAWebSocket(t *testing.T) {
	s, log := newLogged(t, engine.Config{})
	streams := newStreams(s.handler, usualStreams(), prometheus.NewRegistry())
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := report.WithRequest(r.Context(), &report.Request{ID: "socket"})
		streams.Handler(s.handler).ServeHTTP(w, r.WithContext(ctx))
		log.LogAttrs(ctx, slog.LevelInfo, "request", report.RequestFrom(ctx).Attrs(nil)...)
		close(ended)
	}))
	defer server.Close()
	defer streams.Close()
	c := (&streaming{server: s, url: server.URL}).greeted(t)
	const operations = 50
	for range operations {
		c.Subscribe("a", `{ fails(kind: "timeout") }`)
		for text := ""; !strings.Contains(text, `"complete"`); {
			var err error
			if text, err = c.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.Conn.Close(websocket.StatusNormalClosure, "")
	<-ended
	got := records(t, s.log.String())
	failed := 0
	for _, r := range got {
		failed += r.Count
	}
	if last := got[len(got)-1]; len(got) != operations+1 || failed != operations || last.Errors != operations || last.Suppressed > 0 || last.Document == "" {
		t.Errorf("%d lines of %d failures, the last %+v", len(got), failed, last)
	}
}
