//go:build !race

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
	"tributary/internal/testkit/wstest"
)

// shopToHang has a user with a long name, and services that never respond for the user "hung".
func shopToHang(t *testing.T) *upstreamtest.Upstreams {
	t.Helper()
	shop := upstreamtest.NewData(1, 1, 1, 1)
	shop.Users["u1"].FullName = strings.Repeat("a", 1<<20)
	up := upstreamtest.New(t, shop)
	up.Delay(func(c upstreamtest.Call) time.Duration {
		if slices.Contains(c.IDs, "hung") {
			return never
		}
		return 0
	})
	return up
}

// longNames is longer than what two systems buffer for their programs, but not too long for
// an answer.
var longNames = func() string {
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, " n%d: fullName", i)
	}
	return b.String()
}()

// dialToRead connects with a small buffer for what is received.
func dialToRead(ctx context.Context, _, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetReadBuffer(4 << 10)
}

// unread sends a query and reads only the first bytes of the response.
func unread(t *testing.T, gateway, accept, query string) net.Conn {
	t.Helper()
	conn, err := dialToRead(t.Context(), "tcp", strings.TrimPrefix(gateway, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s", accept, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// awaitFirst waits until an answer has begun.
func awaitFirst(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// The stop takes no longer than the requests that were accepted may, and is in order, with
// answers open that wait for services or for clients.
func TestHostile_StopWithOpenAnswers(t *testing.T) {
	t.Parallel()
	up := shopToHang(t)
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=100ms", "--request-timeout=2s", "--upstream-timeout=1m")...)
	for _, query := range []string{
		`{ user(id: "u1") { id ... @defer { username ... @defer { orders { id } } } } }`,
		`{ profile(userId: "u1") { ... @defer { user { id } } ... @defer { user { username } orders { id } } } }`,
	} {
		unread(t, p.url, "multipart/mixed", strings.ReplaceAll(query, "u1", "hung")) // nothing comes
		awaitFirst(t, unread(t, p.url, "multipart/mixed", query))
	}
	for _, accept := range []string{"multipart/mixed", "application/json", "text/event-stream"} {
		awaitFirst(t, unread(t, p.url, accept, `{ profile(userId: "u1") { ... @defer { user {`+longNames+`} } } }`))
		unread(t, p.url, accept, `{ orders(userId: "hung") { id } }`)
	}
	for _, query := range []string{`{ orders(userId: "hung") { id } }`, `{ user(id: "u1") {` + longNames + `} }`} {
		client := &http.Client{Transport: &http.Transport{DialContext: dialToRead}}
		conn, resp, err := websocket.Dial(t.Context(), p.url+"/graphql", &websocket.DialOptions{Subprotocols: []string{wstest.Protocol}, HTTPClient: client})
		if err != nil {
			t.Fatal(err, resp)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		for _, message := range []string{`{"type":"connection_init"}`, fmt.Sprintf(`{"id":"1","type":"subscribe","payload":{"query":%q}}`, query)} {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
		}
	}
	waitFor(t, func() bool { return up.Count()["orders"] >= 2 })
	start := time.Now()
	p.signal()
	select {
	case err := <-p.Done:
		if took := time.Since(start); err != nil || took > 10*time.Second {
			t.Errorf("ended with %v after %v", err, took)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("goes on")
	}
}

// A client that reads the parts of its answer too slowly is cut off soon after the end of
// its time: until then its operation counts as running.
func TestHostile_SlowReaderOfParts(t *testing.T) {
	t.Parallel()
	up := shopToHang(t)
	s := dev(t, append(over(up), "--request-timeout=1s", "--write-timeout=5m", "--max-operations=1")...)
	for _, query := range []string{
		`{ user(id: "u1") {` + longNames + ` ... @defer { orders { id } } } }`,                                               // the first part is long
		`{ profile(userId: "u1") { ... @defer { user {` + longNames + `} } } }`,                                              // another is
		`{ profile(userId: "u1") { orders { id } ... @defer { user {` + longNames + `} } ... @defer { products { id } } } }`, // and not the last
	} {
		awaitFirst(t, unread(t, s.gateway, "multipart/mixed", query))
		start := time.Now()
		waitFor(t, func() bool { // another operation is executed
			_, body := s.call(http.MethodPost, s.gateway+"/graphql", fmt.Sprintf(`{"query":"{ user(id: \"x%d\") { id } }"}`, time.Now().UnixNano()))
			return strings.Contains(body, `"data"`)
		})
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("another operation is executed after %v", took)
		}
	}
}
