package app

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func TestDev_ListsAddressesInOrder(t *testing.T) {
	_, banner := start(t, library())
	var names []string
	for _, line := range regexp.MustCompile(`(?m)^ {2}(\S+(?: \S+)?) +http://127\.`).FindAllStringSubmatch(banner, -1) {
		names = append(names, line[1])
	}
	want := []string{"status", "playground", "shelf", "REST docs", "GraphQL", "health", "metrics", "authors", "books"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q in\n%s", names, want, banner)
	}
}

func TestRun_BareShowsHelp(t *testing.T) {
	code, stdout, stderr := run(t, library(), nil)
	for _, part := range []string{"Usage: library <command>", "Run the gateway and the example services in one process."} {
		if !strings.Contains(stderr, part) {
			t.Errorf("no %q in %s", part, stderr)
		}
	}
	if code != 2 || stdout != "" {
		t.Errorf("exit code %d, and on stdout %q", code, stdout)
	}
}

func TestGraphQL_LeadsBrowsersToThePlayground(t *testing.T) {
	nowhere := map[string]string{"authors": "http://127.0.0.1:1", "books": "http://127.0.0.1:1"}
	const firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, tt := range []struct {
		method, target, accept string
		playground             bool
		want                   int
	}{
		{http.MethodGet, "/graphql", firefox, true, http.StatusSeeOther},
		{http.MethodHead, "/graphql", "Text/HTML", true, http.StatusSeeOther},
		{http.MethodGet, "/graphql?utm_source=mail", "application/json;q=0.1, text/html", true, http.StatusSeeOther},
		{http.MethodGet, "/graphql", firefox, false, http.StatusBadRequest},
		{http.MethodGet, "/graphql", "*/*", true, http.StatusBadRequest},
		{http.MethodGet, "/graphql", "", true, http.StatusBadRequest},
		{http.MethodGet, "/graphql", "text/html;q=0, */*", true, http.StatusBadRequest},
		{http.MethodGet, "/graphql", "application/json", true, http.StatusBadRequest},
		{http.MethodGet, "/graphql?query={__typename}", firefox, true, http.StatusOK},
		{http.MethodGet, "/graphql?query=", firefox, true, http.StatusBadRequest},
		{http.MethodGet, "/graphql?extensions={}", firefox, true, http.StatusBadRequest},
		{http.MethodGet, "/graphql?documentId=a", firefox, true, http.StatusBadRequest},
		{http.MethodPost, "/graphql", firefox, true, http.StatusBadRequest},
	} {
		gateway, _ := assemble(t, nowhere, silent, func(cfg *gatewayConfig) { cfg.GraphQL.Playground = tt.playground })
		r := httptest.NewRequest(tt.method, tt.target, http.NoBody)
		r.Header.Set("Accept", tt.accept)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		gateway.ServeHTTP(w, r)
		location := w.Header().Get("Location")
		if redirect := tt.want == http.StatusSeeOther; w.Code != tt.want && (redirect || w.Code == http.StatusSeeOther) || redirect != (location == "/playground") {
			t.Errorf("%v: %d to %q %s", tt, w.Code, location, w.Body)
		}
	}
	gateway, _ := assemble(t, nowhere, silent, func(cfg *gatewayConfig) { cfg.GraphQL.Playground = true })
	r := httptest.NewRequest(http.MethodGet, "/graphql", http.NoBody)
	r.Header.Set("Accept", firefox)
	r.Header.Set("Sec-Fetch-Site", "cross-site") // a link on another site
	w := httptest.NewRecorder()
	gateway.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther || !slices.Contains(w.Header().Values("Vary"), "Accept") {
		t.Errorf("from another site: %d, %v", w.Code, w.Header())
	}
}

func TestSchema_IsServedWithIntrospection(t *testing.T) {
	nowhere := map[string]string{"authors": "http://127.0.0.1:1", "books": "http://127.0.0.1:1"}
	for _, on := range []bool{true, false} {
		gateway, _ := assemble(t, nowhere, silent, func(cfg *gatewayConfig) { cfg.GraphQL.Introspection = on })
		w := ask(gateway, http.MethodGet, "/schema.graphql", "")
		if !on {
			if w.Code != http.StatusNotFound {
				t.Errorf("without introspection: %d %s", w.Code, w.Body)
			}
			continue
		}
		if _, err := gqlparser.LoadSchema(&ast.Source{Input: w.Body.String()}); w.Code != http.StatusOK || err != nil {
			t.Errorf("%d, %v in %s", w.Code, err, w.Body)
		}
		for _, part := range []string{"directive @defer(", "if: Boolean = true", ") on FRAGMENT_SPREAD | INLINE_FRAGMENT", "type Query {", "type Book {"} {
			if strings.Count(w.Body.String(), part) != 1 {
				t.Errorf("%q is not there once in %s", part, w.Body)
			}
		}
		if code, printed, _ := run(t, library(), nil, "schema"); code != 0 || printed != w.Body.String() {
			t.Errorf("the command prints %s", printed)
		}
	}
}
