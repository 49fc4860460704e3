package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/document"
	"tributary/gateway/engine/limits"
)

// apply gives a running server other limits and trusted documents.
func (s *server) apply(cfg engine.Config, trusted *document.Trusted) {
	s.t.Helper()
	apply, err := s.handler.Prepare(cfg, trusted)
	if err != nil {
		s.t.Fatal(err)
	}
	apply()
}

func TestPrepare_Limits(t *testing.T) {
	for name, c := range map[string]struct {
		lower func(*limits.Config)
		body  string
	}{
		"depth":        {func(l *limits.Config) { l.Depth = 1 }, `{"query":"{ me { hello } }"}`},
		"tokens":       {func(l *limits.Config) { l.Tokens = 3 }, `{"query":"{ me { hello } }"}`},
		"aliases":      {func(l *limits.Config) { l.Aliases = 1 }, `{"query":"{ a: hello b: hello }"}`},
		"alias length": {func(l *limits.Config) { l.AliasLength = 3 }, `{"query":"{ four: hello }"}`},
		"root fields":  {func(l *limits.Config) { l.RootFields = 1 }, `{"query":"{ hello me { hello } }"}`},
		"selections":   {func(l *limits.Config) { l.Selections = 1 }, `{"query":"{ hello me { hello } }"}`},
		"list":         {func(l *limits.Config) { l.List = 1 }, `{"query":"query ($of: [Int!]!) { sum(of: $of) }","variables":{"of":[1,2]}}`},
		"values":       {func(l *limits.Config) { l.Values = 4 }, `{"query":"query ($of: [Int!]!) { sum(of: $of) }","variables":{"of":[1,2]}}`},
		"body":         {func(l *limits.Config) { l.Body = 10 }, `{"query":"{ hello }"}`},
		"response":     {func(l *limits.Config) { l.Response = 10 }, `{"query":"{ hello }"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{DocumentsMB: 1})
			lower := limits.Default()
			c.lower(&lower)
			s.post(c.body).expect(200, "")
			s.apply(engine.Config{Limits: lower}, nil)
			if r := s.post(c.body); r.status == http.StatusOK || !strings.Contains(r.text, `"errors"`) {
				t.Errorf("with the lower limit: %d %s", r.status, r.text)
			}
			s.apply(engine.Config{}, nil)
			s.post(c.body).expect(200, "")
		})
	}
}

func TestPrepare_TrustedDocuments(t *testing.T) {
	own, err := document.NewTrusted("query Own { own: a }")
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	s, schema := newCachedIn(t, newResponses(t, reg), "type Query { a: Int }", engine.Config{DocumentsMB: 1}, reg)
	const foreign, known = `{"query":"{ a }"}`, `{"query":"query Own { own: a }"}`
	for range 2 {
		s.post(foreign).expect(200, "") // the second time from the cache of responses
	}
	executed := schema.executed.Load()
	s.apply(engine.Config{TrustedMode: "enforce"}, own)
	for range 2 {
		s.post(foreign).expect(403, "DOCUMENT_NOT_TRUSTED")
		s.get("{ a }", "Accept", graphQL).expect(403, "DOCUMENT_NOT_TRUSTED")
	}
	if n := schema.executed.Load(); n != executed {
		t.Errorf("%d executions while the document was refused", n-executed)
	}
	s.post(known).expect(200, "")
	s.post(`{"documentId":"Own"}`).expect(200, "")
	s.apply(engine.Config{TrustedMode: "off"}, nil)
	s.post(foreign).expect(200, "")
	s.post(`{"documentId":"Own"}`).expect(400, "PERSISTED_QUERY_NOT_SUPPORTED")
}

// Limits that the budgets of the process have no memory for could never be used.
func TestPrepare_BeyondBudgets(t *testing.T) {
	s := newServer(t, engine.Config{Admission: admission.Config{BodiesMB: 16, ResponsesMB: 32}})
	for name, raise := range map[string]func(*limits.Config){
		"graphql-max-body":     func(l *limits.Config) { l.Body = 64 << 20 },
		"graphql-max-values":   func(l *limits.Config) { l.Values = 1 << 20 },
		"graphql-max-response": func(l *limits.Config) { l.Response = 11 << 20 },
	} {
		bounds := limits.Default()
		raise(&bounds)
		if _, err := s.handler.Prepare(engine.Config{Limits: bounds}, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
