package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"tributary/gateway/engine"
)

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// persisted is the body of a request that names its document by its hash.
func persisted(query, hash string) string {
	members := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}
	if query != "" {
		members["query"] = query
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// texts is a store that gateways share.
type texts struct {
	mu   sync.Mutex
	held map[string]string
}

func (s *texts) Get(_ context.Context, name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.held[name]
	return text, ok
}

func (s *texts) Set(_ context.Context, name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[name] = text
}

func TestPersisted_ByHash(t *testing.T) {
	const query = "{ hello }"
	for name, ask := range map[string]func(s *server, query string) reply{
		"by POST": func(s *server, query string) reply { return s.post(persisted(query, sha("{ hello }"))) },
		"by GET": func(s *server, query string) reply {
			values := url.Values{"extensions": {fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":%q}}`, sha("{ hello }"))}}
			if query != "" {
				values.Set("query", query)
			}
			return s.do(http.MethodGet, values.Encode(), "", "Accept", graphQL)
		},
		"by documentId": func(s *server, query string) reply {
			if query != "" {
				return s.post(persisted(query, sha(query)))
			}
			return s.do(http.MethodGet, "documentId=sha256:"+sha("{ hello }"), "", "Accept", graphQL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			shared := &texts{held: map[string]string{}}
			for _, memory := range []int{1, 0} { // MiB of documents that are remembered
				cfg, deps := engine.Config{Persisted: true, DocumentsMB: memory}, engine.Deps{Persisted: shared}
				s, other := newServer(t, cfg, deps), newServer(t, cfg, deps)
				clear(shared.held)
				got := ask(s, "").expect(404, "PERSISTED_QUERY_NOT_FOUND")
				if m := got.answer().Errors[0].Message; m != "PersistedQueryNotFound" {
					t.Errorf("clients don't know the message %q", m)
				}
				ask(s, query).expect(200, "").data(`{"hello":"hello you"}`)
				ask(s, "").expect(200, "").data(`{"hello":"hello you"}`)
				ask(other, "").expect(200, "").data(`{"hello":"hello you"}`)
				for outcome, want := range map[string]float64{"not_found": 1, "stored": 1, "found": 1} {
					if n := s.count("graphql_persisted_documents_total", outcome); n != want {
						t.Errorf("%v requests are %s, want %v", n, outcome, want)
					}
				}
			}
		})
	}
}

func TestPersisted_Errors(t *testing.T) {
	s := newServer(t, engine.Config{Persisted: true, DocumentsMB: 1})
	for name, tt := range map[string]struct {
		body, message string
	}{
		"another document's hash": {persisted("{ hello }", sha("{ me { hello } }")), "sha256Hash is not the hash of query"},
		"a hash in upper case":    {persisted("{ hello }", strings.ToUpper(sha("{ hello }"))), "sha256Hash is not the hash of query"},
		"another version":         {`{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"` + sha("{ hello }") + `"}}}`, "extensions.persistedQuery must have version 1 and a sha256Hash"},
		"a hash of another name":  {`{"extensions":{"persistedQuery":{"version":1,"SHA256Hash":"` + sha("{ hello }") + `"}}}`, "extensions.persistedQuery must have version 1 and a sha256Hash"},
		"two hashes":              {`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + sha("{ hello }") + `","sha256Hash":"` + sha("{ hello }") + `"}}}`, "extensions.persistedQuery must have version 1 and a sha256Hash"},
		"no hash":                 {`{"extensions":{"persistedQuery":{"version":1}}}`, "extensions.persistedQuery must have version 1 and a sha256Hash"},
		"a hash that is none":     {`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":7}}}`, "extensions.persistedQuery must have version 1 and a sha256Hash"},
		"nothing but extensions":  {`{"extensions":{"persistedQuery":null}}`, "query is missing"},
		"an id and a text":        {`{"query":"{ hello }","documentId":"x"}`, "send either query or documentId"},
		"an id that is none":      {`{"documentId":7}`, "documentId must be a string"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, accept := range []string{graphQL, plain} {
				got := s.do(http.MethodPost, "", tt.body, "Content-Type", plain, "Accept", accept).expect(400, "BAD_USER_INPUT")
				if m := got.answer().Errors[0].Message; m != tt.message {
					t.Errorf("message %q, want %q", m, tt.message)
				}
			}
		})
	}
}

func TestPersisted_OnlyValid(t *testing.T) {
	shared := &texts{held: map[string]string{}}
	s := newServer(t, engine.Config{Persisted: true, DocumentsMB: 16}, engine.Deps{Persisted: shared})
	for query, status := range map[string]int{
		"{ goodbye }": 422,
		"{":           400,
		"{ hello } #" + strings.Repeat("x", 64<<10): 200,
	} {
		s.post(persisted(query, sha(query))).expect(status, map[int]string{422: "GRAPHQL_VALIDATION_FAILED", 400: "GRAPHQL_PARSE_FAILED"}[status])
	}
	if len(shared.held) > 0 {
		t.Errorf("kept %d documents", len(shared.held))
	}
	// Whatever stands in the store under a hash, another text is not executed for it.
	shared.Set(t.Context(), sha("{ a: hello }"), "{ b: hello }")
	s.post(persisted("", sha("{ a: hello }"))).expect(404, "PERSISTED_QUERY_NOT_FOUND")
}

func TestPersisted_Off(t *testing.T) {
	s := newServer(t, engine.Config{})
	got := s.post(persisted("", sha("{ hello }"))).expect(400, "PERSISTED_QUERY_NOT_SUPPORTED")
	if m := got.answer().Errors[0].Message; m != "PersistedQueryNotSupported" {
		t.Errorf("clients don't know the message %q", m)
	}
	s.post(persisted("{ hello }", sha("{ hello }"))).expect(200, "")
	s.post(persisted("", sha("{ hello }"))).expect(400, "PERSISTED_QUERY_NOT_SUPPORTED")
}

// A client that sends documents once each, long ones among them,
// pushes out none that is in use.
func TestPersisted_Bounded(t *testing.T) {
	s := newServer(t, engine.Config{DocumentsMB: 1})
	for range 3 {
		s.ask("{ hello }")
	}
	before := s.count("graphql_documents_total", "parsed")
	long := strings.Repeat(" 1", 5000)
	for i := range 200 {
		s.ask(fmt.Sprintf("{ a%d: hello %s }", i, strings.Repeat(" hello", 20)))
		if i%10 == 0 {
			s.ask(fmt.Sprintf("{ b%d: sum(of: [%s]) }", i, long))
		}
		s.ask("{ hello }")
	}
	if parsed := s.count("graphql_documents_total", "parsed") - before; parsed != 220 {
		t.Errorf("%v documents were parsed, 220 of which are new", parsed)
	}
}
