package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
	"tributary/internal/testkit/wstest"
)

// The schema has no subscription: what stands here is that streams get through
// all that stands around them in a gateway. Package stream has the rest.

const (
	namesOf = `{"query":"{ user(id: \"%s\") { fullName } }"}`
	ivan    = `{"data":{"user":{"fullName":"Иван Иванов"}}}`
)

// dial opens a WebSocket with headers in pairs; there is no client when that is
// refused.
func dial(t *testing.T, gateway string, header ...string) (*wstest.Client, *http.Response) {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return wstest.Dial(t, gateway+"/graphql", wstest.Protocol, h)
}

// events requests server-sent events from a client that accepts every encoding.
func (s *system) events(body string, header ...string) *http.Response {
	s.t.Helper()
	return s.send(http.MethodPost, s.gateway+"/graphql", body, append([]string{"Content-Type", "application/json",
		"Accept", "text/event-stream", "Accept-Encoding", "gzip, zstd"}, header...)...)
}

func TestStreams_SSE(t *testing.T) {
	t.Parallel()
	s := dev(t)
	resp := s.events(fmt.Sprintf(namesOf, "user123"), "X-Request-Id", "event-1")
	got, err := io.ReadAll(resp.Body)
	if want := ":\n\nevent: next\ndata: " + ivan + "\n\nevent: complete\ndata: \n\n"; err != nil || string(got) != want {
		t.Errorf("%v %q, want %q", err, got, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream; charset=utf-8", "Content-Encoding": "", "Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff", "X-Request-Id": "event-1",
	} {
		if resp.Header.Get(name) != want {
			t.Errorf("%s: %s, want %q", name, resp.Header.Get(name), want)
		}
	}
	s.wantLogged(`"method":"POST","route":"/graphql","status":200`, `"request_id":"event-1"`, `"operation":"","document":"`, `"cache":"miss"`, `"upstream_calls":{"users":1}`)
	s.wantCounted(`graphql_stream_events_total{transport="sse"} 1`, `graphql_streams_open{transport="sse"} 0`,
		`graphql_operations_total{operation="other",outcome="complete",type="query"} 1`)
}

func TestStreams_WebSocket(t *testing.T) {
	t.Parallel()
	s := dev(t)
	c, resp := dial(t, s.gateway, "X-Request-Id", "socket-1", "Accept-Encoding", "gzip, zstd")
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("X-Request-Id") != "socket-1" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	c.Init()
	c.Send(`{"id":"1","type":"subscribe","payload":` + fmt.Sprintf(namesOf, "user123") + `}`)
	c.Expect(`{"id":"1","type":"next","payload":`+ivan+`}`, `{"id":"1","type":"complete"}`)
	c.Send(`{"id":"1","type":"subscribe","payload":{"query":"{ nothing }"}}`)
	if got, _ := c.Next(); !strings.HasPrefix(got, `{"id":"1","type":"error","payload":[{"message":`) {
		t.Error(got)
	}
	s.wantCounted(`graphql_streams_open{transport="websocket"} 1`, `graphql_stream_events_total{transport="websocket"} 2`)
	_ = c.Conn.Close(websocket.StatusNormalClosure, "")
	s.wantLogged(`"method":"GET","route":"/graphql","status":101`, `"request_id":"socket-1"`, `"operations":2,"operation":""`, `"errors":1,"code":"GRAPHQL_VALIDATION_FAILED"`)
	s.wantCounted(`graphql_streams_open{transport="websocket"} 0`, `http_requests_total{endpoint="/graphql",method="GET",status="101"} 1`,
		`http_request_duration_seconds_count{endpoint="/graphql",method="GET"} 0`) // it lives for hours
}

// Browsers open WebSockets for pages of every origin, and send the Origin.
func TestStreams_OtherOrigin(t *testing.T) {
	t.Parallel()
	s := dev(t, "--cors-origins=https://shop.example.com")
	for origin, status := range map[string]int{
		"https://evil.example": http.StatusForbidden, "null": http.StatusForbidden,
		"https://shop.example.com": http.StatusSwitchingProtocols, s.gateway: http.StatusSwitchingProtocols, "": http.StatusSwitchingProtocols,
	} {
		var header []string
		if origin != "" {
			header = []string{"Origin", origin}
		}
		if _, resp := dial(t, s.gateway, header...); resp.StatusCode != status {
			t.Errorf("%q: %s, want %d", origin, resp.Status, status)
		}
		if status == http.StatusSwitchingProtocols {
			status = http.StatusOK
		}
		if resp := s.events(fmt.Sprintf(namesOf, "user123"), header...); resp.StatusCode != status {
			t.Errorf("%q: %s, want %d", origin, resp.Status, status)
		}
	}
}

func TestStreams_Settings(t *testing.T) {
	t.Parallel()
	none := dev(t, "--graphql-max-streams=0")
	if _, resp := dial(t, none.gateway); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("no streams: %s", resp.Status)
	}
	if resp := none.events(fmt.Sprintf(namesOf, "user123")); resp.StatusCode != http.StatusNotAcceptable {
		t.Errorf("no streams: %s", resp.Status)
	}
	for setting, code := range map[string]websocket.StatusCode{"--graphql-stream-init-timeout=200ms": 4408, "--graphql-stream-idle=200ms": websocket.StatusNormalClosure} {
		c, _ := dial(t, dev(t, setting).gateway)
		c.Closed(code)
	}
	s := dev(t, "--graphql-max-streams=1", "--graphql-stream-operations=1", "--graphql-max-body=200", "--request-timeout=1s")
	c, _ := dial(t, s.gateway)
	if _, resp := dial(t, s.gateway); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %s %v", resp.Status, resp.Header)
	}
	c.Init().Send(`{"type":"ping","payload":{"of":"` + strings.Repeat("x", 200) + `"}}`)
	c.Closed(websocket.StatusMessageTooBig)
	waitFor(t, func() bool { c, _ = dial(t, s.gateway); return c != nil }) // there is room again
	s.slowOrders(`"hang":true`)
	c.Init().Send(`{"id":"1","type":"subscribe","payload":{"query":"{ orders(userId: \"u1\") { id } }"}}`)
	c.Send(`{"id":"2","type":"subscribe","payload":{"query":"{ orders(userId: \"u2\") { id } }"}}`)
	for _, want := range []string{`"id":"2","type":"error"`, `"id":"1","type":"next"`, `"id":"1","type":"complete"`} {
		if got, err := c.Next(); !strings.Contains(got, want) { // the second is refused, the first has the time of a request
			t.Errorf("%s %v, want %s", got, err, want)
		}
	}
}

// A stop lets operations end, closes streams with "going away", and does not wait for clients
// that do not respond.
func TestStreams_Drain(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	gate := make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	up.Delay(func(upstreamtest.Call) time.Duration { <-gate; return 0 })
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=2s")...)
	idle, _ := dial(t, p.url)
	busy, _ := dial(t, p.url)
	deaf, _ := dial(t, p.url)
	idle.Init()
	deaf.Init()
	busy.Init().Send(`{"id":"1","type":"subscribe","payload":{"query":"{ user(id: \"u1\") { id } }"}}`)
	waitFor(t, func() bool { return len(up.Calls()) == 1 })
	start := time.Now()
	p.signal()
	idle.Closed(websocket.StatusGoingAway)
	if _, resp := dial(t, p.url); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one more while the gateway stops: %s", resp.Status)
	}
	busy.Send(`{"type":"ping"}`)
	busy.Expect(`{"type":"pong"}`)
	release()
	busy.Expect(`{"id":"1","type":"next","payload":{"data":{"user":{"id":"u1"}}}}`, `{"id":"1","type":"complete"}`)
	busy.Closed(websocket.StatusGoingAway)
	select {
	case err := <-p.Done:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("goes on")
	}
	t.Logf("the stop took %v", time.Since(start))
}
