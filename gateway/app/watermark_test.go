package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tributary/gateway/auth/authtest"
	"tributary/gateway/internal/testgraph"
)

// newWatermarks starts a service of authors whose names tell what it was sent of a viewer.
func newWatermarks(t *testing.T, header string) (address string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			return
		}
		calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":%q,"book_ids":["b1-1"]}`, strings.TrimPrefix(r.URL.Path, "/authors/"), "seen by "+r.Header.Get(header))
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// TestViewers_Watermarks has viewers ask the same by every transport. What a service has
// said to one of them is not for another one, and is valid for a new token.
func TestViewers_Watermarks(t *testing.T) {
	p := authtest.New(t)
	for name, tt := range map[string]struct {
		headers, claims []string
		header          string
	}{
		"a claim":   {nil, []string{"sub:X-User-Id@authors"}, "X-User-Id"},
		"the token": {[]string{"Authorization@authors"}, nil, "Authorization"},
	} {
		t.Run(name, func(t *testing.T) {
			authors, calls := newWatermarks(t, tt.header)
			up := testgraph.Start(t)
			handler, _ := assemble(t, map[string]string{testgraph.Authors: authors, testgraph.Books: up.URLs[testgraph.Books]}, silent, func(cfg *gatewayConfig) {
				cfg.Auth, cfg.Forward.Headers, cfg.Forward.Claims, cfg.GraphQL.Batching = p.Config(), tt.headers, tt.claims, 4
				cfg.Auth.Issuers, cfg.Auth.ViewerClaims = append(cfg.Auth.Issuers, "https://other.example.com"), []string{"tenant"}
			})
			server := httptest.NewServer(handler)
			defer server.Close()
			defer http.DefaultClient.CloseIdleConnections()
			viewers := map[string]map[string]any{
				"v1": nil, "v2": nil, "v1 narrow": {"scope": "read"}, "v1 wide": {"scope": "read write"}, "v1 by an app": {"azp": "app"}, "": nil,
				"v1 by a client": {"client_id": "client"}, "v1 of a tenant": {"tenant": "t1"}, "v1 of an issuer": {"iss": "https://other.example.com"},
			}
			// The first token of a viewer fills the caches; what it was is in the watermark.
			first := map[string]string{}
			n := 0
			for transport, send := range transports {
				n++
				id, query := fmt.Sprintf("a%d", n), `query ($id: ID!) { author(id: $id) { name } books(ids: ["b1-1"]) { title } }`
				for round := range 3 {
					for viewer, claims := range viewers {
						authorization := ""
						if viewer != "" {
							authorization = "Bearer " + p.Token(t, strings.Fields(viewer)[0], claims)
						}
						key := viewer + id
						if round == 0 {
							first[key] = authorization
							if tt.header == "X-User-Id" && viewer != "" {
								first[key] = strings.Fields(viewer)[0]
							}
						}
						before := calls.Load()
						got := strings.ReplaceAll(send(t, server.URL, query, id, authorization), `\"`, `"`)
						if !strings.Contains(got, `"name":"seen by `+first[key]+`"`) {
							t.Errorf("%s by %s got %s", viewer, transport, got)
						}
						if n := calls.Load() - before; n != int64(1-min(round, 1)) {
							t.Errorf("%s by %s, round %d: %d calls", viewer, transport, round, n)
						}
					}
				}
			}
			if up.Calls() != "authors=0 books=1" {
				t.Errorf("%s, want one call for all viewers of a service that is sent nothing", up.Calls())
			}
		})
	}
}

// A response with something of the viewer's own is private, others are not marked.
func TestViewers_HeadersOfResponses(t *testing.T) {
	p := authtest.New(t)
	handler, _ := newViewed(t, p, func(cfg *gatewayConfig) { cfg.Forward.Claims = []string{"sub:X-User-Id@authors"} })
	token := "Bearer " + p.Token(t, "v1", nil)
	for target, own := range map[string]bool{
		"/graphql?query=%7Bauthor(id:%22a1%22)%7Bname%7D%7D":        true,
		"/graphql?query=%7Bbooks(ids:[%22b1-1%22])%7Btitle%7D%7D":   false,
		"/graphql?query=%7Bauthor(id:%22a2%22)%7Bname%7D%7D&again=": true,
	} {
		for range 2 {
			w := askAs(handler, http.MethodGet, target, "", token)
			body, _ := io.ReadAll(w.Body)
			vary := strings.Join(w.Header()["Vary"], ",")
			if strings.Contains(vary, "Authorization") != own || !strings.HasPrefix(w.Header().Get("Cache-Control"), "private") {
				t.Errorf("%s: %v %s", target, w.Header(), body)
			}
		}
	}
}
