package graphqlserver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/trusted"
)

// apply gives a running server other limits and trusted documents.
func (s *server) apply(cfg graphqlserver.Config) {
	s.t.Helper()
	apply, err := s.handler.Prepare(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	apply()
}

func TestPrepare_Limits(t *testing.T) {
	for name, c := range map[string]struct {
		lower func(*graphqlserver.Limits)
		body  string
	}{
		"depth":        {func(l *graphqlserver.Limits) { l.Depth = 1 }, `{"query":"{ me { hello } }"}`},
		"tokens":       {func(l *graphqlserver.Limits) { l.Tokens = 3 }, `{"query":"{ me { hello } }"}`},
		"aliases":      {func(l *graphqlserver.Limits) { l.Aliases = 1 }, `{"query":"{ a: hello b: hello }"}`},
		"alias length": {func(l *graphqlserver.Limits) { l.AliasLength = 3 }, `{"query":"{ four: hello }"}`},
		"root fields":  {func(l *graphqlserver.Limits) { l.RootFields = 1 }, `{"query":"{ hello me { hello } }"}`},
		"selections":   {func(l *graphqlserver.Limits) { l.Selections = 1 }, `{"query":"{ hello me { hello } }"}`},
		"list":         {func(l *graphqlserver.Limits) { l.List = 1 }, `{"query":"query ($of: [Int!]!) { sum(of: $of) }","variables":{"of":[1,2]}}`},
		"values":       {func(l *graphqlserver.Limits) { l.Values = 4 }, `{"query":"query ($of: [Int!]!) { sum(of: $of) }","variables":{"of":[1,2]}}`},
		"body":         {func(l *graphqlserver.Limits) { l.Body = 10 }, `{"query":"{ hello }"}`},
		"response":     {func(l *graphqlserver.Limits) { l.Response = 10 }, `{"query":"{ hello }"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, graphqlserver.Config{DocumentsMB: 1})
			lower := graphqlserver.DefaultLimits()
			c.lower(&lower)
			s.post(c.body).expect(200, "")
			s.apply(graphqlserver.Config{Limits: lower})
			if r := s.post(c.body); r.status == http.StatusOK || !strings.Contains(r.text, `"errors"`) {
				t.Errorf("with the lower limit: %d %s", r.status, r.text)
			}
			s.apply(graphqlserver.Config{})
			s.post(c.body).expect(200, "")
		})
	}
}

func TestPrepare_TrustedDocuments(t *testing.T) {
	own, err := trusted.New("query Own { own: a }")
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	s, schema := newCachedIn(t, newResponses(t, reg), "type Query { a: Int }", graphqlserver.Config{DocumentsMB: 1}, reg)
	const foreign, known = `{"query":"{ a }"}`, `{"query":"query Own { own: a }"}`
	for range 2 {
		s.post(foreign).expect(200, "") // the second time from the cache of responses
	}
	executed := schema.executed.Load()
	s.apply(graphqlserver.Config{Trusted: own, TrustedMode: "enforce"})
	for range 2 {
		s.post(foreign).expect(403, "DOCUMENT_NOT_TRUSTED")
		s.get("{ a }", "Accept", graphQL).expect(403, "DOCUMENT_NOT_TRUSTED")
	}
	if n := schema.executed.Load(); n != executed {
		t.Errorf("%d executions while the document was refused", n-executed)
	}
	s.post(known).expect(200, "")
	s.post(`{"documentId":"Own"}`).expect(200, "")
	s.apply(graphqlserver.Config{TrustedMode: "off"})
	s.post(foreign).expect(200, "")
	s.post(`{"documentId":"Own"}`).expect(400, "PERSISTED_QUERY_NOT_SUPPORTED")
}

// Limits that the budgets of the process have no memory for could never be used.
func TestPrepare_BeyondBudgets(t *testing.T) {
	s := newServer(t, graphqlserver.Config{Admission: admission.Config{BodiesMB: 16, ResponsesMB: 32}})
	for name, raise := range map[string]func(*graphqlserver.Limits){
		"graphql-max-body":     func(l *graphqlserver.Limits) { l.Body = 64 << 20 },
		"graphql-max-values":   func(l *graphqlserver.Limits) { l.Values = 1 << 20 },
		"graphql-max-response": func(l *graphqlserver.Limits) { l.Response = 11 << 20 },
	} {
		limits := graphqlserver.DefaultLimits()
		raise(&limits)
		if _, err := s.handler.Prepare(graphqlserver.Config{Limits: limits}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
