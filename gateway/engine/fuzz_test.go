package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/gateway/engine"
)

// Every body is answered soon, by a GraphQL response whose status is not 5xx.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{ hello }"}`,
		`{"query":"query A($n: String!) { hello(name: $n) }","operationName":"A","variables":{"n":"x"},"extensions":{}}`,
		`{"query":"{ a: me { ...f } many { panics } } fragment f on Query { fails(kind: \"timeout\") @skip(if: true) }"}`,
		`{"query":"query($l: [Int!]!) { sum(of: $l) }","variables":{"l":[1,2.5,1e9,null,"3"]}}`,
		`{"query":"mutation { bump }"}`,
		`{"query":"{ __schema { types { name } } }"}`,
		`[{"query":"{ hello }"}]`, `{"query":`, "\ufeff{}", `{"query":"{ ... @defer { hello } }"}`, `{"query":"\ud800"}`,
	} {
		f.Add(seed)
	}
	s := newServer(f, engine.Config{})
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", plain)
		check(t, s, r)
	})
}

// The same of a query string.
func FuzzQueryString(f *testing.F) {
	f.Add("query=%7Bhello%7D")
	f.Add(url.Values{"query": {"query A($n: String!) { hello(name: $n) }"}, "operationName": {"A"}, "variables": {`{"n":"x"}`}, "extensions": {`{}`}}.Encode())
	f.Add("query=mutation%7Bbump%7D")
	f.Add("query=%zz&variables=%FF;")
	s := newServer(f, engine.Config{})
	f.Fuzz(func(t *testing.T, raw string) {
		r := httptest.NewRequest(http.MethodGet, "/graphql", http.NoBody)
		r.URL.RawQuery = raw
		check(t, s, r)
		if s.schema.bumps.Load() != 0 {
			t.Error("GET changed something")
		}
	})
}

func check(t *testing.T, s *server, r *http.Request) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // for fields that wait
	defer cancel()
	r.Header.Set("Accept", graphQL)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r.WithContext(ctx))
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	failed := len(answer.Errors) > 0
	switch w.Code {
	case 200, 294:
		if answer.Data == nil || failed != (w.Code == 294) {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	case 400, 405, 413, 415, 422:
		if answer.Data != nil || !failed {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	default:
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	for _, e := range answer.Errors {
		if e.Message == "" || e.Extensions.Code == "" {
			t.Errorf("an error without message or code: %s", w.Body)
		}
	}
}
