package engine_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

// Whatever a document is, it is answered or refused soon; one that is over a
// limit is refused for that, and says which and by how much; and asked again,
// by its text or by its hash, it gets the same answer.
func FuzzDocumentLimits(f *testing.F) {
	for _, seed := range []string{
		"{ hello }", "query($l: [Int!]! = [1 2]) { sum(of: $l) }", "{ a: me { ...f } } fragment f on Query { b: hello @skip(if: false) }",
		doubling(3, "a: ", "b: "), "{ many { many { hello } } }", "mutation { bump }", "{ ...a } fragment a on Query { ...a }",
	} {
		f.Add(seed)
	}
	bounds := limits.Config{
		Body: 1 << 16, Values: 100, Tokens: 200, Selections: 40, Fragments: 5, Depth: 8, RootFields: 10,
		Aliases: 10, Directives: 10, List: 10, Fields: 500, Calls: 5, AliasLength: 20, Parts: 10, Response: 1 << 16,
	}
	s := newServer(f, engine.Config{Limits: bounds, Persisted: true, DocumentsMB: 1})
	f.Fuzz(func(t *testing.T, query string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // for fields that wait
		defer cancel()
		ask := func(body string) reply {
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body)).WithContext(ctx)
			r.Header.Set("Content-Type", plain)
			r.Header.Set("Accept", graphQL)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			return reply{t, w.Code, w.Header(), w.Body.String()}
		}
		start := time.Now()
		first := ask(queryBody(query))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		a := first.answer()
		for _, e := range a.Errors {
			if e.Extensions["code"] == tooComplex && (e.Extensions["limit"] == nil || e.Extensions["allowed"] == nil) {
				t.Errorf("it says only %s", first.text)
			}
		}
		if strings.Contains(query, "bump") || strings.Contains(query, "waits") || !strings.HasPrefix(first.text, `{"data"`) {
			return
		}
		if again := ask(persisted("", sha(query))); again.status == http.StatusOK && again.text != first.text {
			t.Errorf("by its text %s, by its hash %s", first.text, again.text)
		}
	})
}
