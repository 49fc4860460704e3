package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// Tools for developers are enabled in dev, and on a gateway only by settings.
func TestExposure_GatewayDefaults(t *testing.T) {
	t.Parallel()
	open := dev(t)
	shut := startGateway(t, testkit.KeepAddr(t), append(over(upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))), "--drain-delay=0s")...)
	post := func(query string, header ...string) func(gateway string) (int, string) {
		return func(gateway string) (int, string) {
			resp := (&system{t: t}).send(http.MethodPost, gateway+"/graphql", `{"query":"`+query+`"}`,
				append([]string{"Content-Type", "application/json", "Accept", "application/graphql-response+json"}, header...)...)
			body, _ := io.ReadAll(resp.Body)
			return resp.StatusCode, resp.Header.Get("Access-Control-Allow-Origin") + " " + string(body)
		}
	}
	get := func(path string) func(gateway string) (int, string) {
		return func(gateway string) (int, string) { return get(t, http.DefaultClient, gateway+path) }
	}
	for name, tt := range map[string]struct {
		ask                    func(gateway string) (int, string)
		openStatus, shutStatus int
		shown                  string // by dev alone
	}{
		"the schema":         {post(`{ __schema { queryType { name } } }`), 200, 422, `"name":"Query"`},
		"suggestions":        {post(`{ usr(id: 1) { id } }`), 422, 422, "Did you mean"},
		"the playground":     {get("/playground"), 200, 404, "<html"},
		"the example":        {get("/example"), 200, 404, "<html"},
		"traces":             {post(`{ user(id: \"u1\") { id } }`, "Tributary-Trace", "1"), 200, 200, `"trace":{`},
		"costs":              {post(`{ user(id: \"u1\") { id } }`, "Tributary-Cost", "1"), 200, 200, `"cost":{`},
		"pages of localhost": {post(`{ user(id: \"u1\") { id } }`, "Origin", "http://localhost:5173"), 200, 403, "http://localhost:5173 {"},
		"what breaks things": {get("/dev/faults"), 200, 404, "orders"},
	} {
		if status, text := tt.ask(open.gateway); status != tt.openStatus || !strings.Contains(text, tt.shown) {
			t.Errorf("%s in dev: %d %.300s", name, status, text)
		}
		if status, text := tt.ask(shut.url); status != tt.shutStatus || strings.Contains(text, tt.shown) {
			t.Errorf("%s in a gateway: %d %.300s", name, status, text)
		}
	}
	for name, tt := range map[string]struct {
		ask    func(gateway string) (int, string)
		status int
	}{
		"a page of another site":     {post(`{ __typename }`, "Origin", "https://evil.example"), 403},
		"a form":                     {post(`{ __typename }`, "Content-Type", "text/plain"), 415},
		"a list of requests":         {post(`{ __typename }"}, {"query": "{ __typename }`), 400},
		"a link with cookies":        {func(g string) (int, string) { return askedByLink(t, g) }, 403},
		"what is always told":        {post(`{ __typename user(id: \"u1\") { __typename } }`), 200},
		"a header that is very long": {post(`{ __typename }`, "X-Long", strings.Repeat("a", 64<<10)), 431},
	} {
		for _, gateway := range []string{open.gateway, shut.url} {
			if status, text := tt.ask(gateway); status != tt.status {
				t.Errorf("%s: %d %.300s, want %d", name, status, text, tt.status)
			}
		}
	}
}

func askedByLink(t *testing.T, gateway string) (int, string) {
	t.Helper()
	resp := (&system{t: t}).send(http.MethodGet, gateway+"/graphql?query={__typename}", "", "Cookie", "session=1")
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// An operation over the budget makes no call; one at the budget is executed.
func TestExposure_CostBudget(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(3, 1, 1, 1))
	s := dev(t, append(over(up), "--graphql-max-calls=2")...)
	ask := func(ids string) (int, string) {
		resp := s.send(http.MethodPost, s.gateway+"/graphql", `{"query":"query($ids: [ID!]!) { users(ids: $ids) { id } }","variables":{"ids":`+ids+`}}`,
			"Content-Type", "application/json", "Accept", "application/graphql-response+json")
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	status, body := ask(`["u1","u2","u3"]`)
	for _, part := range []string{`"the operation may cost 3 calls to the users service, more than 2"`, `"code":"QUERY_TOO_COMPLEX"`, `"limit":"calls"`, `"value":3`, `"allowed":2`} {
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, part) {
			t.Errorf("no %s in %d %s", part, status, body)
		}
	}
	if n := len(up.Calls()); n != 0 {
		t.Errorf("it cost %d calls", n)
	}
	s.wantCounted(`graphql_limit_hits_total{limit="calls"} 1`)
	if status, body := ask(`["u1","u2","u1"]`); status != http.StatusOK || len(up.Calls()) != 2 {
		t.Errorf("at the limit: %d %s after %d calls", status, body, len(up.Calls()))
	}
}
