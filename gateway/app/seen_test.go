package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit"
	"tributary/internal/testkit/tcpproxy"
	"tributary/internal/testkit/wstest"
)

// reader is a client that has made writes.
type reader struct {
	t    *testing.T
	seen string            // by the last of them
	tags map[string]string // the ETag and body of responses, by URL
	kept map[string]string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	return &reader{t: t, tags: map[string]string{}, kept: map[string]string{}}
}

// do sends a request that brings what was seen, keeps what it is told, and returns the body.
func (c *reader) do(method, target, body string, headers ...string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Tributary-Seen", c.seen)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if seen := resp.Header.Get("Tributary-Seen"); seen != "" {
		c.seen = seen
	}
	return resp, string(text)
}

func payload(query string, extensions any) string {
	body, _ := json.Marshal(map[string]any{"query": query, "extensions": extensions})
	return string(body)
}

// socket executes an operation on a WebSocket.
func (c *reader) socket(gateway, query string, header http.Header, extensions any) string {
	c.t.Helper()
	ws, _ := wstest.Dial(c.t, strings.Replace(gateway, "http", "ws", 1)+"/graphql", wstest.Protocol, header)
	if ws == nil {
		c.t.Fatal("the gateway takes no WebSocket")
	}
	defer func() { _ = ws.Conn.CloseNow() }()
	ws.Init().Send(`{"id":"1","type":"subscribe","payload":` + payload(query, extensions) + `}`)
	text, err := ws.Next()
	if err != nil {
		c.t.Fatal(err)
	}
	var message struct {
		Payload struct{ Extensions struct{ Seen string } }
	}
	if json.Unmarshal([]byte(text), &message) == nil && message.Payload.Extensions.Seen != "" {
		c.seen = message.Payload.Extensions.Seen
	}
	return text
}

// readerTransports are the ways in which an operation is sent to a gateway. GET is for queries.
var readerTransports = map[string]func(c *reader, gateway, query string) string{
	"POST": func(c *reader, gateway, query string) string {
		_, body := c.do("POST", gateway+"/graphql", payload(query, nil))
		return body
	},
	"GET": func(c *reader, gateway, query string) string {
		target := gateway + "/graphql?query=" + url.QueryEscape(query)
		resp, body := c.do("GET", target, "", "If-None-Match", c.tags[target])
		if resp.StatusCode == http.StatusNotModified {
			return c.kept[target]
		}
		c.tags[target], c.kept[target] = resp.Header.Get("ETag"), body
		return body
	},
	"a batch": func(c *reader, gateway, query string) string {
		_, body := c.do("POST", gateway+"/graphql", "["+payload(query, nil)+","+payload("{ __typename }", nil)+"]")
		return body
	},
	"events": func(c *reader, gateway, query string) string {
		_, body := c.do("POST", gateway+"/graphql", payload(query, nil), "Accept", "text/event-stream")
		return body
	},
	"parts": func(c *reader, gateway, query string) string {
		query = strings.Replace(query, "books {", "...@defer { books {", 1)
		if strings.Contains(query, "@defer") {
			query += "}"
		}
		_, body := c.do("POST", gateway+"/graphql", payload(query, nil), "Accept", "multipart/mixed")
		return body
	},
	"WebSocket": func(c *reader, gateway, query string) string {
		return c.socket(gateway, query, nil, map[string]any{"seen": c.seen})
	},
	"WebSocket by its header": func(c *reader, gateway, query string) string {
		return c.socket(gateway, query, http.Header{"Tributary-Seen": {c.seen}}, nil)
	},
}

// replicas are gateways over the same services and, if there is one, the same Redis.
type replicas struct {
	*writable

	redis   *redistest.Server
	proxies []*tcpproxy.Proxy // each gateway's way to Redis
	urls    []string          // of the gateways
}

func newReplicas(t *testing.T, n int) *replicas {
	t.Helper()
	s := &replicas{redis: redistest.Start(t)}
	for i := range n {
		proxy := tcpproxy.New(t, s.redis.Addr)
		change := func(cfg *gatewayConfig) {
			cfg.Cache.RedisURL, cfg.GraphQL.Batching, cfg.Upstream.BreakerRate = "redis://"+proxy.Addr, 5, 0
		}
		var handler http.Handler
		if i == 0 {
			s.writable = newWritable(t, change)
			handler = s.writable
		} else {
			handler = s.gateway(change)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		s.proxies, s.urls = append(s.proxies, proxy), append(s.urls, server.URL)
	}
	// A gateway that knows no table yet recognizes nothing: each makes a purge that others see.
	for i := range n {
		testkit.WaitFor(t, "the gateways share a cache", func() bool {
			c := newReader(t)
			readerTransports["POST"](c, s.urls[i], `mutation { updateAuthor(id: "a999", input: {name: "N"}) { id } }`)
			return len(c.seen) == 32 && !strings.HasPrefix(c.seen, "AQ")
		})
	}
	return s
}

// Whichever transport a client uses, another gateway that lags shows what it wrote.
func TestSeen_ByEveryTransport(t *testing.T) {
	s := newReplicas(t, 2)
	const query = `{ author(id: "a1") { name books { title } } }`
	other := newReader(t)
	for name, transport := range readerTransports {
		for range 2 {
			if got := transport(other, s.urls[1], query); !strings.Contains(got, "Author 1") {
				t.Fatalf("%s: %s", name, got)
			}
		}
	}
	_, rest := other.do("GET", s.urls[1]+"/api/authors/a1", "")
	s.proxies[1].Hold("subscribe")
	version := 0
	for _, cut := range []bool{false, true} {
		for name, transport := range readerTransports {
			t.Run(fmt.Sprint(name, " cut ", cut), func(t *testing.T) {
				c := newReader(t)
				readerTransports["GET"](c, s.urls[1], query) // so that it has an ETag
				if cut {
					s.proxies[1].Cut()
				}
				version++
				text := fmt.Sprint("v", version)
				write := transport
				if name == "GET" {
					write = readerTransports["POST"]
				}
				got := write(c, s.urls[0], fmt.Sprintf(`mutation { updateAuthor(id: "a1", input: {name: %q}) { name } }`, text))
				if !strings.Contains(got, text) || c.seen == "" {
					t.Fatalf("%s, and seen is %q", got, c.seen)
				}
				if got := transport(c, s.urls[1], query); !strings.Contains(got, text) {
					t.Errorf("after %s: %s", text, got)
				}
				for range 2 {
					if resp, got := c.do("GET", s.urls[1]+"/api/authors/a1", ""); !strings.Contains(got, text) || got == rest {
						t.Errorf("by REST: %d %s", resp.StatusCode, got)
					}
					if got := readerTransports["GET"](c, s.urls[1], query); !strings.Contains(got, text) {
						t.Errorf("by an ETag: %s", got)
					}
				}
			})
		}
	}
}

// A request may bring several values, in lines or with commas.
func TestSeen_SeveralValues(t *testing.T) {
	s := newReplicas(t, 2)
	const query = `{ author(id: "a1") { name } }`
	c := newReader(t)
	readerTransports["POST"](c, s.urls[1], query)
	s.proxies[1].Cut()
	for i, join := range []func(h http.Header, seen string){
		func(h http.Header, seen string) { h["Tributary-Seen"] = []string{seen, "x"} },
		func(h http.Header, seen string) { h["Tributary-Seen"] = []string{"x", seen} },
		func(h http.Header, seen string) { h["Tributary-Seen"] = []string{"x, " + seen, "", seen + ",x"} },
	} {
		text := fmt.Sprint("v", i)
		readerTransports["POST"](c, s.urls[0], fmt.Sprintf(`mutation { updateAuthor(id: "a1", input: {name: %q}) { name } }`, text))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.urls[1]+"/graphql?query="+url.QueryEscape(query), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		join(r.Header, c.seen)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(body), text) {
			t.Errorf("%v: %s, want %s", r.Header, body, text)
		}
	}
}

// The answer to a mutation says what was seen, unless nothing was changed; queries say nothing.
func TestSeen_InAnswers(t *testing.T) {
	w := newWritable(t, nil) // memory only
	for query, want := range map[string]bool{
		`mutation { updateAuthor(id: "a1", input: {name: "N"}) { id } }`:                                      true,
		`mutation { updateAuthor(id: "a1", input: {name: ""}) { id } }`:                                       false,
		`mutation { a: updateAuthor(id: "a1", input: {name: ""}) { id } b: withdrawBook(id: "b1-1") { id } }`: true,
		`mutation { withdrawBook(id: "") { id } }`:                                                            false,
		`{ author(id: "a1") { name } }`:                                                                       false,
	} {
		answer := send(w, query)
		if got := answer.Header().Get("Tributary-Seen"); (got != "") != want || strings.Contains(answer.Body.String(), "seen") {
			t.Errorf("%s: %q in %s", query, got, answer.Body)
		}
	}
	seen := send(w, `mutation { updateAuthor(id: "a1", input: {name: "M"}) { id } }`).Header().Get("Tributary-Seen")
	for range 2 {
		if got := send(w, `{ author(id: "a1") { name } }`, "Tributary-Seen", seen).Body.String(); !strings.Contains(got, `"M"`) {
			t.Error(got)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/graphql?query={author(id:\"a1\"){name}}", http.NoBody)
	got := httptest.NewRecorder()
	w.ServeHTTP(got, r)
	if !strings.Contains(strings.Join(got.Header()["Vary"], ", "), "Tributary-Seen") {
		t.Errorf("Vary: %v", got.Header()["Vary"])
	}
}
