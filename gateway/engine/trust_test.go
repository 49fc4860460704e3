package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/engine/document"
)

const (
	greeting = "query Greeting($n: String!) { hello(name: $n) }"
	bumping  = "mutation Bump { bump }"
	own      = "query Own { hello }"
)

// manifests are trusted documents of both formats, beside an own operation.
func manifests(t testing.TB) *document.Trusted {
	t.Helper()
	write := func(name string, content any) string {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	documents, err := document.NewTrusted(own)
	if err != nil {
		t.Fatal(err)
	}
	if err := documents.Load(
		write("apollo.json", map[string]any{
			"format": "apollo-persisted-query-manifest", "version": 1,
			"operations": []any{map[string]string{"id": "greeting-1", "name": "Greeting", "type": "query", "body": greeting}},
		}),
		write("codegen.json", map[string]string{"b4a1": bumping, "gone": "{ goodbye }"}),
	); err != nil {
		t.Fatal(err)
	}
	return documents
}

func TestTrusted_ByID(t *testing.T) {
	for _, mode := range []string{"off", "log", "enforce"} {
		t.Run(mode, func(t *testing.T) {
			s := newServer(t, engine.Config{TrustedMode: mode, Persisted: mode == "off", DocumentsMB: 1}, engine.Deps{Trusted: manifests(t)})
			const hello = `{"hello":"hello Ada"}`
			for _, id := range []string{"greeting-1", sha(greeting), "sha256:" + sha(greeting)} {
				s.post(`{"documentId":"`+id+`","variables":{"n":"Ada"}}`).expect(200, "").data(hello)
				get := url.Values{"documentId": {id}, "variables": {`{"n":"Ada"}`}}.Encode()
				s.do(http.MethodGet, get, "", "Accept", graphQL).expect(200, "").data(hello)
				s.post(`{"variables":{"n":"Ada"},"extensions":{"persistedQuery":{"version":1,"sha256Hash":"`+id+`"}}}`).expect(200, "").data(hello)
				s.post(persisted(greeting, id)).expect(422, "BAD_USER_INPUT") // the variable is missing: it was executed
			}
			s.post(`{"documentId":"Own"}`).expect(200, "").data(`{"hello":"hello you"}`)
			s.post(`{"documentId":"b4a1"}`).expect(200, "").data(`{"bump":"1"}`)
			s.do(http.MethodGet, "documentId=b4a1", "", "Accept", graphQL).expect(405, "GRAPHQL_VALIDATION_FAILED")
			s.post(`{"documentId":"gone"}`).expect(422, "GRAPHQL_VALIDATION_FAILED")
			s.post(`{"documentId":"nobody"}`).expect(404, "PERSISTED_QUERY_NOT_FOUND")
			s.post(persisted("{ hello }", "greeting-1")).expect(400, "BAD_USER_INPUT")
		})
	}
}

func TestTrusted_Path(t *testing.T) {
	s := newServer(t, engine.Config{TrustedMode: "enforce"}, engine.Deps{Trusted: manifests(t)})
	mux := http.NewServeMux()
	mux.Handle("/graphql/{document}", s.handler)
	for target, want := range map[string]int{
		"/graphql/greeting-1?variables=" + url.QueryEscape(`{"n":"Ada"}`):                 200,
		"/graphql/sha256:" + sha(greeting) + "?variables=" + url.QueryEscape(`{"n":"A"}`): 200,
		"/graphql/Own":                   200,
		"/graphql/nobody":                404,
		"/graphql/Own?query={hello}":     400,
		"/graphql/greeting-1":            422,
		"/graphql/b4a1":                  405,
		"/graphql/Own?operationName=Own": 200,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
		r.Header.Set("Accept", graphQL)
		mux.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: status %d, want %d: %s", target, w.Code, want, w.Body)
		}
	}
}

func TestTrusted_Modes(t *testing.T) {
	const stranger = "query Stranger { a: hello }"
	for mode, want := range map[string]struct {
		status  int
		code    string
		counted float64
	}{
		"off":     {200, "", 0},
		"log":     {200, "", 3},
		"enforce": {403, "DOCUMENT_NOT_TRUSTED", 3},
	} {
		t.Run(mode, func(t *testing.T) {
			s := newServer(t, engine.Config{TrustedMode: mode, Persisted: true, DocumentsMB: 1}, engine.Deps{Trusted: manifests(t)})
			s.ask(stranger).expect(want.status, want.code)
			s.ask(stranger).expect(want.status, want.code)
			s.post(persisted(stranger, sha(stranger))).expect(want.status, want.code)
			s.ask(own).expect(200, "") // its text is as good as its id
			if n := s.count("graphql_untrusted_documents_total"); n != want.counted {
				t.Errorf("counted %v, want %v", n, want.counted)
			}
			logged := strings.Count(s.log.String(), `"document is not trusted","sha256":"`+sha(stranger)+`","operation":"Stranger"`)
			if (logged == 1) != (mode == "log") {
				t.Errorf("logged %d times: %s", logged, s.log)
			}
			// What the server itself asks is always trusted.
			if r := s.handler.Execute(t.Context(), engine.Request{Query: "{ b: hello }"}); r.Errors != nil {
				t.Errorf("refused in-house: %v", r.Errors)
			}
		})
	}
}

// A client who says the same again, word for word, gets the answer that is kept,
// and is counted as before.
func TestTrusted_CachedResponse(t *testing.T) {
	reg := prometheus.NewRegistry()
	cfg := engine.Config{TrustedMode: "log", DocumentsMB: 1}
	s, schema := newCachedIn(t, newResponses(t, reg), "type Query { a: Int hello: String }", cfg, reg, engine.Deps{Trusted: manifests(t)})
	for range 3 {
		s.ask("{ a }").expect(200, "")
		s.ask(own).expect(200, "")
	}
	if executed, counted := schema.executed.Load(), s.count("graphql_untrusted_documents_total"); executed != 2 || counted != 3 {
		t.Errorf("executed %d times, want 2; counted %v, want 3", executed, counted)
	}
}

// Where trust is enforced, no text is even parsed for a stranger.
func TestTrusted_NotParsed(t *testing.T) {
	s := newServer(t, engine.Config{TrustedMode: "enforce"}, engine.Deps{Trusted: manifests(t)})
	s.ask("{{{").expect(403, "DOCUMENT_NOT_TRUSTED")
	s.ask("{ unknown }").expect(403, "DOCUMENT_NOT_TRUSTED")
}

func TestTrusted_InvalidAtStart(t *testing.T) {
	s := newServer(t, engine.Config{}, engine.Deps{Trusted: manifests(t)})
	if !strings.Contains(s.log.String(), `"trusted document is invalid","id":"gone"`) {
		t.Errorf("log: %s", s.log)
	}
}
