package app

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/access"
	"tributary/gateway/auth/authtest"
	"tributary/gateway/internal/testgraph"
	"tributary/gateway/lookahead"
	"tributary/internal/testkit"
	"tributary/internal/testkit/wstest"
)

// withRules guards the fields of the library.
func withRules(rules access.Rules) func(*gatewayConfig) {
	return func(cfg *gatewayConfig) {
		cfg.GraphQL.Batching = 4
		cfg.graph.Schema = func(d *Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error) {
			schema, joins, err := testgraph.New(testgraph.Dependencies(*d))
			return access.With(schema, rules), joins, err
		}
	}
}

// transports send a query about an author and return all that comes back, whatever its form.
var transports = map[string]func(t *testing.T, gateway, query, id, authorization string) string{
	"POST": func(t *testing.T, gateway, query, id, authorization string) string {
		t.Helper()
		return fetch(t, http.MethodPost, gateway+"/graphql", requestOf(t, query, id), authorization, "application/json")
	},
	"GET": func(t *testing.T, gateway, query, id, authorization string) string {
		t.Helper()
		values := url.Values{"query": {query}, "variables": {`{"id":"` + id + `"}`}}
		return fetch(t, http.MethodGet, gateway+"/graphql?"+values.Encode(), "", authorization, "application/graphql-response+json")
	},
	"batch": func(t *testing.T, gateway, query, id, authorization string) string {
		t.Helper()
		return fetch(t, http.MethodPost, gateway+"/graphql", "["+requestOf(t, query, id)+"]", authorization, "application/json")
	},
	"parts": func(t *testing.T, gateway, query, id, authorization string) string {
		t.Helper()
		return fetch(t, http.MethodPost, gateway+"/graphql", requestOf(t, query, id), authorization, "multipart/mixed;deferSpec=20220824,application/json")
	},
	"events": func(t *testing.T, gateway, query, id, authorization string) string {
		t.Helper()
		return fetch(t, http.MethodPost, gateway+"/graphql", requestOf(t, query, id), authorization, "text/event-stream")
	},
	"WebSocket": func(t *testing.T, gateway, query, id, authorization string) string {
		t.Helper()
		header := http.Header{}
		if authorization != "" {
			header.Set("Authorization", authorization)
		}
		c, _ := wstest.Dial(t, gateway+"/graphql", wstest.Protocol, header)
		c.Init()
		c.Send(`{"id":"1","type":"subscribe","payload":` + requestOf(t, query, id) + `}`)
		all := ""
		for !strings.Contains(all, `"type":"complete"`) && !strings.Contains(all, `"type":"error"`) {
			message, err := c.Next()
			if err != nil {
				t.Fatal(err)
			}
			all += message
		}
		_ = c.Conn.CloseNow()
		return all
	},
}

func requestOf(t *testing.T, query, id string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]string{"id": id}})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func fetch(t *testing.T, method, target, body, authorization, accept string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRules_EveryTransport asks for the books of an author, which only viewers with scopes
// may see, in every form, by every transport, before and after a viewer who may see them
// has filled all caches by the same request.
func TestRules_EveryTransport(t *testing.T) {
	p := authtest.New(t)
	handler, up := newViewed(t, p, withRules(access.Rules{"Author.books": {Scopes: [][][]string{{{"read", "books"}, {"all"}}, {{"beta"}}}}}))
	server := httptest.NewServer(handler)
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	token := func(scope string) string { return "Bearer " + p.Token(t, "v1", map[string]any{"scope": scope}) }
	viewers := map[string]struct{ authorization, code string }{
		"nobody":           {"", "UNAUTHENTICATED"},
		"no scopes":        {token(""), "FORBIDDEN"},
		"half of a set":    {token("read beta"), "FORBIDDEN"},
		"one of two rules": {token("all"), "FORBIDDEN"},
		"a whole set":      {token("books beta read"), ""},
		"the other set":    {token("all beta"), ""},
	}
	forms := map[string]string{
		"a field":           `query ($id: ID!) { author(id: $id) { name books { title } } }`,
		"an alias":          `query ($id: ID!) { a: author(id: $id) { name books: books { title } } }`,
		"a fragment":        `query ($id: ID!) { author(id: $id) { name ...F } } fragment F on Author { ...G } fragment G on Author { books { title } }`,
		"an inline one":     `query ($id: ID!) { author(id: $id) { name ... on Author { books { title } } } }`,
		"a deferred one":    `query ($id: ID!) { author(id: $id) { name ... @defer { books { title } } } }`,
		"a list":            `query ($id: ID!) { authors(ids: [$id]) { name books { title } } }`,
		"@include":          `query ($id: ID!) { author(id: $id) { name books @include(if: true) { title } } }`,
		"twice":             `query ($id: ID!) { author(id: $id) { name books { title } ... on Author { books { id } } } }`,
		"a book's author's": `query ($id: ID!) { author(id: $id) { name } authors(ids: [$id]) { books { author { books { title } } } } }`,
	}
	n := 0
	for _, form := range testkit.Sample(t, slices.Sorted(maps.Keys(forms)), 3) {
		query := forms[form]
		for transport, send := range transports {
			for _, warm := range []bool{false, true} {
				for name, viewer := range viewers {
					n++
					id := fmt.Sprintf("a%d", n)
					if warm {
						send(t, server.URL, query, id, viewers["a whole set"].authorization)
						send(t, server.URL, query, id, viewers["the other set"].authorization)
					}
					before := booksCalls(up)
					got := strings.ReplaceAll(send(t, server.URL, query, id, viewer.authorization), `\"`, `"`)
					about := fmt.Sprintf("%s by %s for %s, warm %t", form, transport, name, warm)
					switch saw := strings.Contains(got, fmt.Sprintf(`"Book 1 of %d"`, n)); {
					case viewer.code == "" && (!saw || strings.Contains(got, `"errors"`)):
						t.Errorf("%s: %s", about, got)
					case viewer.code != "" && (saw || strings.Contains(got, "Book ") || !strings.Contains(got, `"code":"`+viewer.code+`"`) ||
						!strings.Contains(got, `"books":null`) || !strings.Contains(got, fmt.Sprintf("Author %d", n)) || !strings.Contains(got, `"books"]`)):
						t.Errorf("%s: %s", about, got)
					case viewer.code != "" && booksCalls(up) != before:
						t.Errorf("%s: the service of the books was called", about)
					}
				}
			}
		}
	}
}

// booksCalls returns the calls of the service of books.
func booksCalls(up *testgraph.Upstreams) string {
	_, calls, _ := strings.Cut(up.Calls(), "books=")
	return calls
}

func TestRules_REST(t *testing.T) {
	p := authtest.New(t)
	handler, up := newViewed(t, p, withRules(access.Rules{"Author.books": {Scopes: [][][]string{{{"books"}}}}}))
	good := "Bearer " + p.Token(t, "v1", map[string]any{"scope": "books"})
	for _, warm := range []bool{false, true} {
		if warm {
			askAs(handler, http.MethodGet, "/api/authors/a1", "", good)
			if w := askAs(handler, http.MethodGet, "/api/authors/a1", "", good); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Book 1 of 1") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		for authorization, status := range map[string]int{"": 401, "Bearer " + p.Token(t, "v1", nil): 403} {
			before := booksCalls(up)
			w := askAs(handler, http.MethodGet, "/api/authors/a1", "", authorization)
			if w.Code != status || strings.Contains(w.Body.String(), "Author 1") || booksCalls(up) != before {
				t.Errorf("%q, warm %t: %d %s", authorization, warm, w.Code, w.Body)
			}
		}
	}
}

// A value that is written straight from its object is refused like any other. The library
// has no such field that is nullable, which rules of a schema need.
func TestRules_PlainValuesOfLists(t *testing.T) {
	p := authtest.New(t)
	handler, _ := newViewed(t, p, withRules(access.Rules{"Book.price": {}}))
	w := askAs(handler, http.MethodPost, "/graphql", `{"query":"{ books(ids: [\"b1-1\", \"b1-2\"]) { title cost: price } author(id: \"a1\") { books { price } } }"}`)
	for _, want := range []string{`{"title":"Book 1 of 1","cost":null},{"title":"Book 2 of 1","cost":null}`, `["books",0,"cost"]`, `["books",1,"cost"]`, `["author","books",2,"price"]`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	w = askAs(handler, http.MethodPost, "/graphql", `{"query":"{ books(ids: [\"b1-1\"]) { cost: price } }"}`, "Bearer "+p.Token(t, "v1", nil))
	if !strings.Contains(w.Body.String(), `"cost":9.90`) || strings.Contains(w.Body.String(), "errors") {
		t.Error(w.Body)
	}
}

func TestRules_HeadersOfResponses(t *testing.T) {
	p := authtest.New(t)
	handler, up := newViewed(t, p, withRules(access.Rules{"Query.book": {}}))
	token := func() string { return "Bearer " + p.Token(t, "v1", nil) }
	const guarded, open = "/graphql?query=%7Bbook(id:%22b1-1%22)%7Btitle%7D%7D", "/graphql?query=%7Bbooks(ids:[%22b1-1%22])%7Btitle%7D%7D"
	for _, authorization := range []string{token(), token(), "Bearer " + p.Token(t, "v2", nil)} {
		w := askAs(handler, http.MethodGet, guarded, "", authorization)
		if vary := strings.Join(w.Header()["Vary"], ","); !strings.Contains(vary, "Authorization") || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private") {
			t.Errorf("guarded: %v", w.Header())
		}
		w = askAs(handler, http.MethodGet, open, "", authorization)
		if vary := strings.Join(w.Header()["Vary"], ","); strings.Contains(vary, "Authorization") {
			t.Errorf("open: %v", w.Header())
		}
	}
	if calls := up.Calls(); calls != "authors=0 books=1" {
		t.Errorf("%s, want one call for all viewers", calls)
	}
	if w := askAs(handler, http.MethodGet, guarded, ""); !strings.Contains(w.Body.String(), "UNAUTHENTICATED") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}
