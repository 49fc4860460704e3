package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/gateway/internal/testgraph"
)

// A project's own services are broken in the gateway's calls: dev does not run them.
func TestDev_FaultsOfOwnServices(t *testing.T) {
	g := library()
	for i := range g.Services {
		server := httptest.NewServer(testgraph.Handler(g.Services[i].Name))
		t.Cleanup(server.Close)
		g.Services[i].Example, g.Services[i].URL = nil, server.URL
	}
	gateway, banner := start(t, g)
	if strings.Contains(banner, "  "+testgraph.Books) {
		t.Errorf("dev runs what is not its own:\n%s", banner)
	}
	put := func(method, rules string) {
		r, err := http.NewRequestWithContext(t.Context(), method, gateway+"/dev/faults/"+testgraph.Books, strings.NewReader(rules))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s %s: %d", method, rules, resp.StatusCode)
		}
	}
	for _, step := range []struct{ method, rules, author, want string }{
		{http.MethodPut, `[{"route":"*","error_rate":1}]`, "a1", `"UPSTREAM_UNAVAILABLE"`},
		{http.MethodPut, `[{"route":"*","garbage":true}]`, "a2", `"UPSTREAM_INVALID_RESPONSE"`},
		{http.MethodPut, `[{"route":"GET /elsewhere","hang":true}]`, "a3", `"books":[{"title"`},
		{http.MethodDelete, "", "a4", `"books":[{"title"`},
	} {
		put(step.method, step.rules)
		if _, body := get(t, gateway+`/graphql?query={author(id:%22`+step.author+`%22){name,books{title}}}`); !strings.Contains(body, step.want) || !strings.Contains(body, `"name":"Author`) {
			t.Errorf("%s %s: %s, want %s", step.method, step.rules, body, step.want)
		}
	}
}
