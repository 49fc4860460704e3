package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
	"tributary/internal/testkit"
	"tributary/internal/testkit/wstest"
)

// ask is a request in the terms of GraphQL over HTTP.
type ask struct {
	query     string
	operation string
	variables map[string]any
}

func (a ask) body() string {
	members := map[string]any{"query": a.query, "variables": a.variables}
	if a.operation != "" {
		members["operationName"] = a.operation
	}
	return encoded(members)
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// hoarders are kinds of requests that make caches keep much: the n-th of each kind. Each is
// about as large as the limits admit, or very small.
func hoarders() map[string]func(n int) ask {
	const large = 900_000
	long := func(n, length int) string { return fmt.Sprint(n) + strings.Repeat("x", length) }
	return map[string]func(n int) ask{
		"small":           func(n int) ask { return ask{query: fmt.Sprintf("{a%d:a}", n)} },
		"small variables": func(n int) ask { return ask{query: "query($x:Any){a(x:$x)}", variables: map[string]any{"x": n}} },
		"undeclared variables": func(n int) ask {
			return ask{query: "{a}", variables: map[string]any{"x": n, "long": long(n, large), "many": lists(9000)}}
		},
		"undeclared variables of many documents": func(n int) ask {
			return ask{query: fmt.Sprintf("{a%d:a}", n), variables: map[string]any{"long": long(n, large), "many": lists(9000)}}
		},
		"long variables": func(n int) ask {
			return ask{query: "query($s:String){a(s:$s)}", variables: map[string]any{"s": long(n, large)}}
		},
		"variables of many parts": func(n int) ask {
			return ask{query: "query($l:[Int!]){a(l:$l)}", variables: map[string]any{"l": append(make([]int, 1999), n)}}
		},
		"long documents":      func(n int) ask { return ask{query: `{a(s:"` + long(n, 400_000) + `")}`} },
		"longer documents":    func(n int) ask { return ask{query: `{a(s:"` + long(n, large) + `")}`} },
		"documents of fields": func(n int) ask { return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, strings.Repeat("a ", 1500))} },
		"documents of type names": func(n int) ask {
			return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, strings.Repeat("__typename ", 900))}
		},
		"documents of arguments": func(n int) ask {
			return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, strings.Repeat(`a(s:"",l:[1]) `, 400))}
		},
		"documents of values": func(n int) ask {
			return ask{query: fmt.Sprintf("{a%d:a(l:[%s])}", n, strings.Repeat("1 ", 1400))}
		},
		"documents of operations": func(n int) ask {
			return ask{query: fmt.Sprintf("query Q{a%d:a} %s", n, times(900, " query Q#{a}")), operation: "Q"}
		},
		"documents of variables": func(n int) ask {
			return ask{query: "query(" + times(400, "$v#:Int! ") + ")" + fmt.Sprintf("{a%d:a(l:[%s])}", n, times(400, "$v# ")), variables: variables(400)}
		},
		"documents of comments": func(n int) ask {
			return ask{query: fmt.Sprintf("{a%d:a %s}", n, strings.Repeat("#\n", 4000))}
		},
		"documents of commented fields": func(n int) ask {
			return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, strings.Repeat("#\na ", 1500))}
		},
		"documents of descriptions": func(n int) ask {
			return ask{query: fmt.Sprintf("%s query Q{a%d:a}", times(900, ` "of a query" query Q#{a}`), n), operation: "Q"}
		},
		"documents of deferred fields": func(n int) ask {
			return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, strings.Repeat("...@defer{a} ", 250))}
		},
		"documents of nested deferred fragments": func(n int) ask {
			return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, nested(115, "...@defer{", "a", "}"))}
		},
		"documents of directives": func(n int) ask {
			return ask{query: fmt.Sprintf("{b{a%d:a %s}}", n, strings.Repeat("a@skip(if:false) ", 400))}
		},
		"documents of types": func(n int) ask {
			return ask{query: "query Q(" + times(90, "$v#:"+nested(39, "[", "Int", "]")) + ")" + fmt.Sprintf("{a%d:a(x:{%s})}", n, times(90, "v#:$v# ")), operation: "Q"}
		},
		"long names of operations": func(n int) ask {
			name := "Q" + long(n, 300_000)
			return ask{query: "query " + name + "{a}", operation: name}
		},
	}
}

// lists is a value of n short lists, in lists of a length that is let pass.
func lists(n int) (all [][]int) {
	for range n / 1500 {
		all = append(all, make([]int, 1500))
	}
	return all
}

func variables(n int) map[string]any {
	all := map[string]any{}
	for i := range n {
		all[fmt.Sprint("v", i)] = i
	}
	return all
}

// hoard is a server with caches over real connections.
type hoard struct {
	*server

	schema *counting
	url    string
}

func newHoard(t *testing.T) *hoard {
	t.Helper()
	reg := prometheus.NewRegistry()
	store, err := entitycache.New(entitycache.Config{TTL: time.Minute, MemoryMB: 16}, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	responses, err := responsecache.New[*engine.Result](responsecache.Config{MaxMB: 16}, responsecache.Deps{Entities: store, Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = store.Close()
		responses.Close()
	})
	cfg := engine.Config{DocumentsMB: 16, Persisted: true, Batching: 4}
	s, schema := newCachedIn(t, responses, `
		scalar Any
		type Query { a(s: String, l: [Int!], x: Any): Int b: Query }
	`, cfg, reg)
	streams := newStreams(s.handler, usualStreams(), reg)
	t.Cleanup(streams.Close)
	web := httptest.NewUnstartedServer(streams.Handler(s.handler))
	web.Config.MaxHeaderBytes = 4 << 20
	web.Start()
	t.Cleanup(web.Close)
	return &hoard{s, schema, web.URL + "/graphql"}
}

// transports are the ways to send a request.
func (h *hoard) transports(t *testing.T) map[string]func(ask) {
	t.Helper()
	send := func(method, target, body string, header ...string) {
		r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", plain)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || strings.Contains(string(text), `"errors"`) {
			t.Fatalf("%s %.300s %v", resp.Status, text, err)
		}
		_ = resp.Body.Close()
	}
	return map[string]func(ask){
		"POST": func(a ask) { send(http.MethodPost, h.url, a.body()) },
		"GET": func(a ask) {
			values := url.Values{"query": {a.query}, "variables": {encoded(a.variables)}, "operationName": {a.operation}}
			send(http.MethodGet, h.url+"?"+strings.ReplaceAll(values.Encode(), "%7B", "{"), "")
		},
		"persisted": func(a ask) {
			persisted := map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": sha(a.query)}}
			send(http.MethodPost, h.url, encoded(map[string]any{"query": a.query, "operationName": a.operation, "variables": a.variables, "extensions": persisted}))
		},
		"batch": func(a ask) { send(http.MethodPost, h.url, "["+a.body()+"]") },
		"SSE":   func(a ask) { send(http.MethodPost, h.url, a.body(), "Accept", "text/event-stream") },
		"multipart": func(a ask) {
			send(http.MethodPost, h.url, a.body(), "Accept", "multipart/mixed;deferSpec=20220824, application/json")
		},
		"WebSocket": func(a ask) {
			c, resp := wstest.Dial(t, h.url, wstest.Protocol, nil)
			if c == nil {
				t.Fatal(resp.Status)
			}
			c.Init()
			c.Send(`{"id":"1","type":"subscribe","payload":` + a.body() + `}`)
			if text, err := c.Next(); err != nil || !strings.Contains(text, `"data"`) {
				t.Fatalf("%v %.300s", err, text)
			}
			_ = c.Conn.Close(websocket.StatusNormalClosure, "")
		},
	}
}

// heap returns what is alive.
func heap() int {
	var m runtime.MemStats
	for range 3 { // pools drop what they hold in the second one
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// weighed returns what the caches say they take.
func (h *hoard) weighed() (sum int) {
	h.t.Helper()
	for _, tier := range []string{"memory", "response", "document"} {
		sum += int(max(0, gauge(h.t, h.metrics, "cache_bytes", tier)))
	}
	return sum
}

// What the caches keep alive is at most twice what they say, by whatever transport and with
// whatever requests they were filled.
func TestCaches_WeighWhatTheyKeep(t *testing.T) {
	const spare = 1 << 20 // for what does not grow with requests
	kinds := hoarders()
	fill := func(t *testing.T, transport, kind string) {
		t.Helper()
		h, nth, requests := newHoard(t), kinds[kind], 4
		if strings.HasPrefix(kind, "small") {
			requests = 2000
		}
		send := h.transports(t)[transport]
		send(nth(requests))
		before, said := heap(), h.weighed()
		for n := range requests {
			send(nth(n))
		}
		http.DefaultClient.CloseIdleConnections()
		grown, weighed := heap()-before, h.weighed()-said
		t.Logf("%d KiB are kept, %d KiB weighed", grown>>10, weighed>>10)
		if grown > 2*weighed+spare {
			t.Errorf("%d KiB are kept, %d KiB weighed", grown>>10, weighed>>10)
		}
		runtime.KeepAlive(h)
	}
	for _, kind := range testkit.Sample(t, slices.Sorted(maps.Keys(kinds)), 4) {
		t.Run("POST/"+kind, func(t *testing.T) { fill(t, "POST", kind) })
	}
	for transport := range (&hoard{}).transports(t) {
		if transport == "POST" {
			continue
		}
		for _, kind := range testkit.Sample(t, []string{"undeclared variables of many documents", "long variables", "long documents", "documents of fields"}, 4) {
			t.Run(transport+"/"+kind, func(t *testing.T) { fill(t, transport, kind) })
		}
	}
}

// The forms of a response that are made when they are asked for are weighed with it: the
// compressed ones, and what Memoize keeps of it.
func TestCaches_WeighForms(t *testing.T) {
	const requests, length = 10, 300_000
	random := rand.New(rand.NewPCG(1, 2))
	for kind, letters := range map[string]string{"compressible": "ab", "incompressible": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"} {
		t.Run(kind, func(t *testing.T) {
			h := newHoard(t)
			h.schema.note = func(r *report.Stats, resp *graphql.Response) {
				part(r, resp)
				text := make([]byte, length)
				for i := range text {
					text[i] = letters[random.IntN(len(letters))]
				}
				resp.Data = fmt.Appendf(nil, `{"a":"%s"}`, text)
			}
			before, said := heap(), h.weighed()
			for n := range requests {
				query := fmt.Sprintf("{a%d:a}", n)
				for _, coding := range []string{"identity", "gzip", "zstd"} {
					h.get(query, "Accept-Encoding", coding)
				}
				result := h.handler.Execute(t.Context(), engine.Request{Query: query})
				result.Memoize(func() any { return bytes.Clone(result.Data) })
			}
			grown, weighed := heap()-before, h.weighed()-said
			t.Logf("%d KiB are kept, %d KiB weighed", grown>>10, weighed>>10)
			if n := h.schema.executed.Load(); n != requests || grown > 2*weighed {
				t.Errorf("%d KiB are kept, %d KiB weighed; %d were executed", grown>>10, weighed>>10, n)
			}
			runtime.KeepAlive(h)
		})
	}
}

// The aliases of a response, one for each way to write the same request, are weighed.
func TestCaches_WeighAliases(t *testing.T) {
	h := newHoard(t)
	before, said := heap(), h.weighed()
	for n := range 5000 {
		h.post(`{"query":"{a}"`+strings.Repeat(" ", n)+"}").expect(200, "")
	}
	grown, weighed := heap()-before, h.weighed()-said
	t.Logf("%d KiB are kept, %d KiB weighed", grown>>10, weighed>>10)
	if grown > 2*weighed {
		t.Errorf("%d KiB are kept, %d KiB weighed", grown>>10, weighed>>10)
	}
	runtime.KeepAlive(h)
}
