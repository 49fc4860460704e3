package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"tributary/gateway/auth/authtest"
	"tributary/gateway/internal/testgraph"
)

// newHeld starts a service of authors that answers for held ones when they are released.
func newHeld(t *testing.T) (address string, arrived, release chan struct{}) {
	t.Helper()
	arrived, release = make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/authors/")
		if strings.HasPrefix(id, "held") {
			arrived <- struct{}{}
			<-release
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"Author %s"}`, id, id)
	}))
	t.Cleanup(server.Close)
	return server.URL, arrived, release
}

// A client that has an operation under way by one transport gets no other by any, and takes
// none from others.
func TestShares_EveryTransport(t *testing.T) {
	p := authtest.New(t)
	authors, arrived, release := newHeld(t)
	handler, _ := assemble(t, map[string]string{testgraph.Authors: authors, testgraph.Books: authors}, silent, func(cfg *gatewayConfig) {
		cfg.Auth, cfg.GraphQL.Batching, cfg.GraphQL.Admission.PerClient = p.Config(), 4, 1
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	const query = `query ($id: ID!) { author(id: $id) { name } }`
	v1 := func() string { return "Bearer " + p.Token(t, "v1", nil) }
	n := 0
	all := map[string]func(t *testing.T, gateway, query, id, authorization string) string{
		"REST": func(t *testing.T, gateway, _, id, authorization string) string {
			t.Helper()
			return fetch(t, http.MethodGet, gateway+"/api/authors/"+id, "", authorization, "application/json")
		},
	}
	for transport, send := range transports {
		all[transport] = send
	}
	for holder, hold := range all {
		n++
		ended := make(chan string)
		held := fmt.Sprintf("held%d", n)
		authorization := v1()
		go func() { ended <- hold(t, server.URL, query, held, authorization) }()
		<-arrived
		for transport, send := range all {
			n++
			id := fmt.Sprintf("a%d", n)
			narrow := "Bearer " + p.Token(t, "v1", map[string]any{"scope": "read"})
			for name, authorization := range map[string]string{"the same": v1(), "a narrower token": narrow} {
				if got := send(t, server.URL, query, id, authorization); !strings.Contains(got, "OVERLOADED") || strings.Contains(got, "Author") {
					t.Errorf("%s, %s beside %s: %s", name, transport, holder, got)
				}
			}
			for name, authorization := range map[string]string{"another": "Bearer " + p.Token(t, "v2", nil), "nobody": ""} {
				if got := send(t, server.URL, query, id, authorization); !strings.Contains(got, "Author") {
					t.Errorf("%s, %s beside %s: %s", name, transport, holder, got)
				}
			}
		}
		w := askAs(handler, http.MethodPost, "/graphql", helloQuery, v1())
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("beside %s: %d %v %s", holder, w.Code, w.Header(), w.Body)
		}
		w = askAs(handler, http.MethodPost, "/graphql", `{"query":"mutation { updateAuthor(id: \"a1\", input: {name: \"x\"}) { name } }"}`, v1())
		if w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), `"outcome":"not_executed"`) {
			t.Errorf("a mutation beside %s: %d %s", holder, w.Code, w.Body)
		}
		release <- struct{}{}
		if got := <-ended; !strings.Contains(got, "Author "+held) {
			t.Errorf("held by %s: %s", holder, got)
		}
	}
}

// Without a viewer an address is a client, which a proxy tells only if it is trusted. What
// is in the response cache is answered all the same.
func TestShares_OfAddresses(t *testing.T) {
	authors, arrived, release := newHeld(t)
	handler, reg := assemble(t, map[string]string{testgraph.Authors: authors, testgraph.Books: authors}, silent, func(cfg *gatewayConfig) {
		cfg.GraphQL.Admission.PerClient, cfg.Server.TrustedProxies = 1, []string{"10.0.0.0/8"}
	})
	ask := func(remote, forwarded, id string) int {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ author(id: \"`+id+`\") { name } }"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	ask("192.0.2.1:1", "", "cached")
	n := 0
	for i, holder := range [][2]string{{"192.0.2.1:1", ""}, {"10.0.0.1:1", "192.0.2.1"}, {"192.0.2.1:1", "203.0.113.1"}} {
		ended := make(chan int)
		go func() { ended <- ask(holder[0], holder[1], fmt.Sprint("held", i)) }()
		<-arrived
		for name, tt := range map[string]struct {
			remote, forwarded, id string
			want                  int
		}{
			"the same":                {"192.0.2.1:2", "", "", 429},
			"by a proxy":              {"10.0.0.2:1", "192.0.2.1", "", 429},
			"by a proxy, and forged":  {"10.0.0.2:1", "203.0.113.2, 192.0.2.1", "", 429},
			"forged":                  {"192.0.2.1:2", "203.0.113.2", "", 429},
			"another":                 {"192.0.2.2:1", "", "", 200},
			"another by a proxy":      {"10.0.0.2:1", "192.0.2.2", "", 200},
			"the proxy's own":         {"10.0.0.2:1", "", "", 200},
			"from the response cache": {"192.0.2.1:2", "", "cached", 200},
		} {
			n++
			id := tt.id
			if id == "" {
				id = fmt.Sprint("a", n) // which is in no cache
			}
			if got := ask(tt.remote, tt.forwarded, id); got != tt.want {
				t.Errorf("%s, beside %v: %d, want %d", name, holder, got, tt.want)
			}
		}
		release <- struct{}{}
		if code := <-ended; code != http.StatusOK {
			t.Errorf("held by %v: %d", holder, code)
		}
	}
	families, err := reg.Gather()
	if err != nil || !slices.ContainsFunc(families, func(f *dto.MetricFamily) bool {
		return f.GetName() == "admission_client_operations_rejected_total" && f.GetMetric()[0].GetCounter().GetValue() == 12
	}) {
		t.Errorf("12 rejections are not counted (%v)", err)
	}
}
