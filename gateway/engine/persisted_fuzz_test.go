package engine_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"tributary/gateway/engine"
)

// Whatever id, hash and text a request has, by GET or POST: no text is executed
// for a name that is not its own, and who sends a name alone is only answered
// where its document is trusted or was sent before.
func FuzzPersisted(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "", "{ hello }"}, {"", sha("{ hello }"), "{ hello }"}, {"", sha("{ hello }"), ""}, {"sha256:" + sha("{ hello }"), "", ""},
		{"greeting-1", "", ""}, {"Own", "", ""}, {"", "greeting-1", greeting}, {"", "Own", "{ hello }"}, {"Own", "b4a1", ""},
		{"", strings.ToUpper(sha("{ hello }")), "{ hello }"}, {"sha256:", "sha256:" + sha(own), ""}, {"\x00", "\ufeff", "{"},
	} {
		f.Add(seed[0], seed[1], seed[2], true)
		f.Add(seed[0], seed[1], seed[2], false)
	}
	trusted := manifests(f)
	s := newServer(f, engine.Config{TrustedMode: "log", Persisted: true, DocumentsMB: 1}, engine.Deps{Trusted: trusted, Persisted: &texts{held: map[string]string{}}})
	var sent sync.Map // by hash
	f.Fuzz(func(t *testing.T, id, hash, query string, byGet bool) {
		members := map[string]any{"documentId": id, "query": query}
		if hash != "" {
			members["extensions"] = map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
		}
		r := persistedRequest(t, members, byGet)
		sent.Store(sha(query), true)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		got := reply{t, w.Code, w.Header(), w.Body.String()}
		if executed := got.answer().Data != nil; !executed {
			return
		}
		name := id
		if name == "" {
			name = hash
		}
		known, isTrusted := trusted.ByID(name)
		_, wasSent := sent.Load(strings.TrimPrefix(name, "sha256:"))
		switch {
		case query == "" && !isTrusted && !wasSent:
			t.Errorf("%q names nothing, and was executed: %s", name, got.text)
		case query != "" && hash != "" && known != query && hash != sha(query):
			t.Errorf("%q was executed as %q: %s", query, hash, got.text)
		}
	})
}

func persistedRequest(t *testing.T, members map[string]any, byGet bool) *http.Request {
	t.Helper()
	write := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(write(members)))
	r.Header.Set("Content-Type", plain)
	if byGet {
		r = httptest.NewRequest(http.MethodGet, "/graphql", http.NoBody)
		q := url.Values{"documentId": {members["documentId"].(string)}, "query": {members["query"].(string)}}
		if e, ok := members["extensions"]; ok {
			q.Set("extensions", write(e))
		}
		r.URL.RawQuery = q.Encode()
	}
	return r
}
