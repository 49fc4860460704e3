package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/access"
	"tributary/gateway/auth/authtest"
)

// newAllowed returns a gateway whose viewers see the author whose id is their subject, and
// the books of a shelf that a claim of their token names.
func newAllowed(t *testing.T, p *authtest.Provider) (gateway string, calls func() string) {
	t.Helper()
	self := access.Allow{Name: "self", Func: func(_ context.Context, f access.Field) bool {
		ids, ok := f.Texts("ids")
		if id, one := f.Text("id"); one {
			ids, ok = []string{id}, true
		}
		return ok && !slices.ContainsFunc(ids, func(id string) bool { return id != f.Viewer.Subject })
	}}
	shelf := access.Allow{Name: "shelf", Func: func(_ context.Context, f access.Field) bool {
		shelf, _ := f.Viewer.Claim("shelf")
		if shelf == "broken" {
			panic("a bug")
		}
		return shelf == "open"
	}}
	handler, up := newViewed(t, p, withRules(access.Rules{
		"Query.author": {Allow: []access.Allow{self}}, "Query.authors": {Allow: []access.Allow{self}},
		"Query.book": {Allow: []access.Allow{shelf}}, "Query.books": {Allow: []access.Allow{{Name: "unbound"}}},
	}))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server.URL, up.Calls
}

// A rule of a project's own decides by the viewer and the arguments of each field, whatever
// form they have, by every transport and for every viewer that has filled the caches.
func TestAllow_EveryTransport(t *testing.T) {
	p := authtest.New(t)
	gateway, calls := newAllowed(t, p)
	n := 0
	for form, tt := range map[string]struct{ query, field string }{
		"a variable":         {`query ($id: ID!) { author(id: $id) { name } }`, "author"},
		"a default":          {`query ($x: ID! = "aN") { author(id: $x) { name } }`, "author"},
		"a literal":          {`{ author(id: "aN") { name } }`, "author"},
		"a block string":     {"{ author(id: \"\"\"aN\"\"\") { name } }", "author"},
		"an escape":          {`{ author(id: "\u0061N") { name } }`, "author"},
		"a list":             {`query ($id: ID!) { authors(ids: [$id]) { name } }`, "authors"},
		"a value for a list": {`query ($id: [ID!]!) { authors(ids: $id) { name } }`, "authors"},
		"a literal for it":   {`{ authors(ids: "aN") { name } }`, "authors"},
		"a fragment":         {`query ($id: ID!) { ...F } fragment F on Query { author(id: $id) { name } }`, "author"},
		"an alias":           {`query ($id: ID!) { author: author(id: $id) { name } }`, "author"},
		"a deferred one":     {`query ($id: ID!) { ... @defer { author(id: $id) { name } } }`, "author"},
	} {
		for transport, send := range transports {
			n++
			id := fmt.Sprintf("a%d", n)
			query := strings.ReplaceAll(tt.query, "N\"", fmt.Sprint(n, `"`))
			owner, other := "Bearer "+p.Token(t, id, nil), "Bearer "+p.Token(t, "a0", nil)
			for _, round := range []string{"cold", "again"} {
				for name, c := range map[string]struct{ authorization, code string }{
					"nobody": {"", "UNAUTHENTICATED"}, "another": {other, "FORBIDDEN"}, "the owner": {owner, ""},
				} {
					before := calls()
					got := strings.ReplaceAll(send(t, gateway, query, id, c.authorization), `\"`, `"`)
					saw := strings.Contains(got, fmt.Sprintf("Author %d", n))
					if saw != (c.code == "") || c.code != "" && (!strings.Contains(got, `"code":"`+c.code+`"`) || !strings.Contains(got, `"`+tt.field+`":null`) || calls() != before) {
						t.Errorf("%s by %s for %s, %s: %s", form, transport, name, round, got)
					}
				}
			}
		}
	}
}

// Each occurrence of a field is decided on by its own arguments.
func TestAllow_EachOccurrence(t *testing.T) {
	p := authtest.New(t)
	gateway, calls := newAllowed(t, p)
	ask := func(query string) string {
		return transports["POST"](t, gateway, query, "a1", "Bearer "+p.Token(t, "a1", nil))
	}
	got := ask(`query ($id: ID!) { mine: author(id: $id) { name } theirs: author(id: "a2") { name } both: authors(ids: [$id, "a3"]) { name } none: authors(ids: []) { name } }`)
	for _, want := range []string{`"mine":{"name":"Author 1"}`, `"theirs":null`, `"both":null`, `"none":[]`, `["theirs"]`, `["both"]`} {
		if !strings.Contains(strings.ReplaceAll(got, `"path":`, ""), want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if calls() != "authors=1 books=0" {
		t.Errorf("%s, want a call for what may be seen", calls())
	}
	if got := ask(`query ($id: ID!) { author(id: $id) { books { title } } books(ids: ["b1-1"]) { title } }`); !strings.Contains(got, "Book 1 of 1") || !strings.Contains(got, `"books":null`) {
		t.Errorf("a rule without a function permits: %s", got)
	}
}

// What a rule reads of the token is not in the viewer's key: a response that was cached when
// it permitted the field is not found by the same request when it does not.
func TestAllow_ByAClaim(t *testing.T) {
	p := authtest.New(t)
	gateway, _ := newAllowed(t, p)
	for transport, send := range transports {
		for _, shelf := range []string{"open", "shut", "open", "broken", "shut"} {
			got := strings.ReplaceAll(send(t, gateway, `{ book(id: "b1-1") { title } }`, "x", "Bearer "+p.Token(t, "v1", map[string]any{"shelf": shelf})), `\"`, `"`)
			if saw := strings.Contains(got, "Book 1 of 1"); saw != (shelf == "open") || !saw && !strings.Contains(got, "FORBIDDEN") {
				t.Errorf("%s by %s: %s", shelf, transport, got)
			}
		}
	}
}
