package app

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/gateway/auth/authtest"
	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit/wstest"
)

// newViewed returns a gateway of the library whose viewers have tokens of a provider.
func newViewed(t *testing.T, p *authtest.Provider, change func(*gatewayConfig)) (http.Handler, *testgraph.Upstreams) {
	t.Helper()
	up := testgraph.Start(t)
	handler, _ := assemble(t, up.URLs, silent, func(cfg *gatewayConfig) {
		cfg.Auth, cfg.Admin.Token = p.Config(), "operators"
		if change != nil {
			change(cfg)
		}
	})
	return handler, up
}

const helloQuery = `{"query":"{ author(id: \"a1\") { name } }"}`

// askAs sends a request with the given values of Authorization.
func askAs(handler http.Handler, method, target, body string, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestViewers_TokensOnAllRoutes(t *testing.T) {
	p := authtest.New(t)
	good := "Bearer " + p.Token(t, "v1", nil)
	credentials := map[string]struct {
		authorization []string
		status        int // where signing in is optional
		required      int
		challenge     string
	}{
		"a token":          {[]string{good}, 200, 200, ""},
		"none":             {nil, 200, 401, "Bearer"},
		"another scheme":   {[]string{"Basic eDp5"}, 200, 401, "Bearer"},
		"the operators'":   {[]string{"Bearer operators"}, 200, 200, ""},
		"expired":          {[]string{"Bearer " + p.Token(t, "v1", map[string]any{"exp": 1})}, 401, 401, `Bearer error="invalid_token"`},
		"not yet valid":    {[]string{"Bearer " + p.Token(t, "v1", map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})}, 401, 401, `Bearer error="invalid_token"`},
		"no subject":       {[]string{"Bearer " + p.Token(t, "", nil)}, 401, 401, `Bearer error="invalid_token"`},
		"another audience": {[]string{"Bearer " + p.Token(t, "v1", map[string]any{"aud": "other"})}, 401, 401, `Bearer error="invalid_token"`},
		"no JWT":           {[]string{"Bearer x"}, 401, 401, `Bearer error="invalid_token"`},
		"empty":            {[]string{"Bearer"}, 401, 401, `Bearer error="invalid_token"`},
		"two":              {[]string{good, good}, 401, 401, `Bearer error="invalid_token"`},
		"a token and more": {[]string{good, "Basic eDp5"}, 401, 401, `Bearer error="invalid_token"`},
	}
	routes := []struct{ method, target, body string }{
		{http.MethodPost, "/graphql", helloQuery},
		{http.MethodGet, "/graphql?query=%7B__typename%7D", ""},
		{http.MethodGet, "/api/authors/a1", ""},
	}
	for _, required := range []bool{false, true} {
		handler, up := newViewed(t, p, func(cfg *gatewayConfig) { cfg.Auth.Required = required })
		askAs(handler, http.MethodPost, "/graphql", helloQuery, good) // which waits for the keys
		for name, c := range credentials {
			want := c.status
			if required {
				want = c.required
			}
			for _, route := range routes {
				before := up.Calls()
				w := askAs(handler, route.method, route.target, route.body, c.authorization...)
				if w.Code != want {
					t.Errorf("%s, required %t: %s is answered %d %s, want %d", name, required, route.target, w.Code, w.Body, want)
					continue
				}
				if want == http.StatusOK {
					continue
				}
				if got := w.Header().Get("WWW-Authenticate"); got != c.challenge || !strings.Contains(w.Body.String(), `"code":"UNAUTHENTICATED"`) ||
					w.Header().Get("Cache-Control") != "no-store" || up.Calls() != before {
					t.Errorf("%s at %s: %v %s; %s, before %s", name, route.target, w.Header(), w.Body, up.Calls(), before)
				}
			}
			if w := askAs(handler, http.MethodGet, "/graphql/unknown", "", c.authorization...); (w.Code == http.StatusUnauthorized) != (want == http.StatusUnauthorized) {
				t.Errorf("%s: a document by its address is answered %d", name, w.Code)
			}
		}
		for _, exempt := range []struct{ method, target, token string }{
			{http.MethodGet, "/livez", "Bearer x"}, {http.MethodGet, "/health", "Bearer x"}, {http.MethodGet, "/metrics", "Bearer x"},
			{http.MethodGet, "/", "Bearer x"}, {http.MethodGet, "/admin/log-level", "Bearer operators"},
		} {
			if w := askAs(handler, exempt.method, exempt.target, "", exempt.token); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", exempt.target, w.Code, w.Body)
			}
		}
	}
}

// A token may come after the request only where a WebSocket is served.
func TestViewers_UpgradeNeedsToken(t *testing.T) {
	p := authtest.New(t)
	for streams, targets := range map[int][]string{
		10: {"/api/authors/a1"},
		0:  {"/api/authors/a1", "/graphql?query=%7Bauthor(id:%22a1%22)%7Bname%7D%7D"},
	} {
		handler, up := newViewed(t, p, func(cfg *gatewayConfig) { cfg.Auth.Required, cfg.Streams.Max = true, streams })
		for _, target := range targets {
			r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
			r.Header.Set("Upgrade", "websocket")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized || up.Calls() != "authors=0 books=0" {
				t.Errorf("%s with %d streams: %d %s, %s", target, streams, w.Code, w.Body, up.Calls())
			}
		}
	}
}

func TestViewers_Preflight(t *testing.T) {
	handler, _ := newViewed(t, authtest.New(t), func(cfg *gatewayConfig) {
		cfg.Auth.Required, cfg.Browser.Origins = true, []string{"https://shop.example.com"}
	})
	r := httptest.NewRequest(http.MethodOptions, "/graphql", http.NoBody)
	r.Header.Set("Origin", "https://shop.example.com")
	r.Header.Set("Access-Control-Request-Method", http.MethodPost)
	r.Header.Set("Access-Control-Request-Headers", "authorization")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code/100 != 2 || !strings.EqualFold(w.Header().Get("Access-Control-Allow-Headers"), "authorization") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestViewers_NoKeysEver(t *testing.T) {
	p := authtest.New(t)
	p.Down.Store(true)
	handler, up := newViewed(t, p, nil)
	token := "Bearer " + p.Token(t, "v1", nil)
	for _, target := range []string{"/graphql?query=%7B__typename%7D", "/api/authors/a1"} {
		w := askAs(handler, http.MethodGet, target, "", token)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || up.Calls() != "authors=0 books=0" {
			t.Errorf("%s: %d %v %s", target, w.Code, w.Header(), w.Body)
		}
	}
	for _, target := range []string{"/graphql?query=%7B__typename%7D", "/api/authors/a1"} {
		if w := askAs(handler, http.MethodGet, target, ""); w.Code != http.StatusOK {
			t.Errorf("%s for nobody: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestViewers_UnknownKeysFetchOnce(t *testing.T) {
	p := authtest.New(t)
	handler, _ := newViewed(t, p, nil)
	askAs(handler, http.MethodPost, "/graphql", helloQuery, "Bearer "+p.Token(t, "v1", nil))
	before := p.Fetches.Load()
	_, signed, _ := strings.Cut(p.TokenOf(t, "unknown", "v1", nil), ".")
	for i := range 10_000 {
		head := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"EdDSA","kid":"k%d"}`, i))
		if w := askAs(handler, http.MethodPost, "/graphql", helloQuery, "Bearer "+head+"."+signed); w.Code != http.StatusUnauthorized {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if n := p.Fetches.Load() - before; n > 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestViewers_WebSockets(t *testing.T) {
	p := authtest.New(t)
	good := "Bearer " + p.Token(t, "v1", nil)
	other := "Bearer " + p.Token(t, "v2", nil)
	for _, required := range []bool{false, true} {
		handler, _ := newViewed(t, p, func(cfg *gatewayConfig) { cfg.Auth.Required = required })
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		askAs(handler, http.MethodPost, "/graphql", helloQuery, good)
		for name, c := range map[string]struct {
			header, payload string
			accepted        bool
		}{
			"nothing":              {"", `{}`, !required},
			"no payload":           {"", ``, !required},
			"a header":             {good, `{}`, true},
			"a message":            {"", `{"authorization":"` + good + `","other":[1]}`, true},
			"both":                 {good, `{"authorization":"` + good + `"}`, true},
			"two viewers":          {good, `{"authorization":"` + other + `"}`, false},
			"the operators'":       {"", `{"authorization":"Bearer operators"}`, true},
			"another scheme":       {"", `{"authorization":"Basic eDp5"}`, !required},
			"a bad token":          {"", `{"authorization":"Bearer x"}`, false},
			"no text":              {"", `{"authorization":1}`, false},
			"two in a message":     {"", `{"authorization":"` + good + `","Authorization":"` + good + `"}`, false},
			"a control character ": {"", `{"authorization":"Basic \n"}`, false},
		} {
			header := http.Header{}
			if c.header != "" {
				header.Set("Authorization", c.header)
			}
			client, resp := wstest.Dial(t, server.URL+"/graphql", wstest.Protocol, header)
			if client == nil {
				t.Fatalf("%s: %d", name, resp.StatusCode)
			}
			message := `{"type":"connection_init"}`
			if c.payload != "" {
				message = `{"type":"connection_init","payload":` + c.payload + `}`
			}
			t.Logf("%s, required %t", name, required)
			client.Send(message)
			if !c.accepted {
				client.Closed(4403)
				continue
			}
			client.Expect(`{"type":"connection_ack"}`)
			_ = client.Conn.CloseNow()
		}
		_, resp := wstest.Dial(t, server.URL+"/graphql", wstest.Protocol, http.Header{"Authorization": {"Bearer x"}})
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("a bad token in the header: %d", resp.StatusCode)
		}
	}
}

func TestViewers_WebSocketOutlivesToken(t *testing.T) {
	p := authtest.New(t)
	handler, up := newViewed(t, p, func(cfg *gatewayConfig) { cfg.Auth.Leeway = 0 })
	server := httptest.NewServer(handler)
	defer server.Close()
	askAs(handler, http.MethodPost, "/graphql", helloQuery, "Bearer "+p.Token(t, "v1", nil))
	expires := time.Now().Add(2 * time.Second).Unix()
	client, _ := wstest.Dial(t, server.URL+"/graphql", wstest.Protocol, http.Header{"Authorization": {"Bearer " + p.Token(t, "v1", map[string]any{"exp": expires})}})
	client.Init()
	for refused := false; !refused; {
		before, late := up.Calls(), time.Now().Unix() >= expires
		client.Subscribe("1", "{ __typename }")
		got, err := client.Next()
		if err != nil {
			t.Fatal(err)
		}
		refused = strings.Contains(got, "UNAUTHENTICATED")
		if refused && (!strings.Contains(got, `"type":"error"`) || up.Calls() != before) {
			t.Error(got)
		}
		if !refused && late {
			t.Fatalf("answered after the token has expired: %s", got)
		}
		if !refused {
			client.Expect(`{"id":"1","type":"complete"}`)
		}
	}
}

// The state of the provider is in /health. It degrades the gateway, which answers anonymous
// requests, and never makes it unhealthy.
func TestViewers_ProviderInHealth(t *testing.T) {
	p := authtest.New(t)
	handler, _ := newViewed(t, p, nil)
	askAs(handler, http.MethodPost, "/graphql", helloQuery, "Bearer "+p.Token(t, "v1", nil)) // which waits for the keys
	if w := askAs(handler, http.MethodGet, "/health", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"identity_provider":{"status":"healthy","keys_age_seconds":`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	p.Down.Store(true)
	handler, _ = newViewed(t, p, nil)
	askAs(handler, http.MethodPost, "/graphql", helloQuery, "Bearer "+p.Token(t, "v1", nil))
	w := askAs(handler, http.MethodGet, "/health", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"identity_provider":{"status":"unhealthy"`) || !strings.Contains(w.Body.String(), `{"status":"degraded","service"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	handler, _ = assemble(t, testgraph.Start(t).URLs, silent, nil)
	if w := askAs(handler, http.MethodGet, "/health", ""); strings.Contains(w.Body.String(), "identity_provider") {
		t.Errorf("nobody is signed in: %s", w.Body)
	}
}
