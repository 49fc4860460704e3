package faultpanel_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/gateway/faultpanel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// service takes rules as the REST services do.
func service(t *testing.T) (url string, rules *string) {
	t.Helper()
	rules = new(string)
	*rules = "[]"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_faults" {
			http.NotFound(w, r)
			return
		}
		if r.Method == http.MethodPut {
			body, _ := io.ReadAll(r.Body)
			*rules = string(body)
		}
		_, _ = io.WriteString(w, *rules)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, rules
}

func send(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost:8000"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func panel(t *testing.T, redis *faultpanel.Relay, forget func(context.Context) error) (*faultpanel.Panel, *string) {
	t.Helper()
	url, rules := service(t)
	p, err := faultpanel.New(map[string]string{"drafts": url, "gone": "http://127.0.0.1:1"}, redis, forget, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return p, rules
}

func TestRulesReachTheServiceAndAreShown(t *testing.T) {
	p, rules := panel(t, nil, nil)
	if w := send(p, http.MethodPut, "/dev/faults/drafts", `[{"route":"*"}]`); w.Code != http.StatusOK || *rules != `[{"route":"*"}]` {
		t.Fatalf("%d %s; the service has %s", w.Code, w.Body, *rules)
	}
	if got := send(p, http.MethodGet, "/dev/faults", "").Body.String(); got != `{"services":{"drafts":[{"route":"*"}],"gone":null},"redis":null}`+"\n" {
		t.Errorf("shows %s", got)
	}
	if w := send(p, http.MethodPut, "/dev/faults/payments", "[]"); w.Code != http.StatusNotFound {
		t.Errorf("a service that there is not: %d", w.Code)
	}
}

func TestAPageOfAnotherOriginBreaksNothing(t *testing.T) {
	p, rules := panel(t, nil, func(context.Context) error { t.Error("the cache was emptied"); return nil })
	for _, at := range []string{"PUT /dev/faults/drafts", "PUT /dev/redis", "DELETE /dev/cache"} {
		method, path, _ := strings.Cut(at, " ")
		if w := send(p, method, path, "[1]", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", at, w.Code)
		}
	}
	if *rules != "[]" {
		t.Errorf("rules %s", *rules)
	}
}

func TestTheCacheIsEmptiedThoughRedisCannotBeTold(t *testing.T) {
	emptied := 0
	p, _ := panel(t, nil, func(context.Context) error { emptied++; return errors.New("no Redis") })
	if w := send(p, http.MethodDelete, "/dev/cache", ""); w.Code != http.StatusNoContent || emptied != 1 {
		t.Errorf("%d, emptied %d times", w.Code, emptied)
	}
}

// echo answers every line with itself.
func echo(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return ln.Addr().String()
}

// says sends a line and reads it back.
func says(conn net.Conn) error {
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintln(conn, "hello"); err != nil {
		return err
	}
	_, err := bufio.NewReader(conn).ReadString('\n')
	return err
}

func TestARelayThatIsCutEndsConnectionsUntilItIsMended(t *testing.T) {
	relay, err := faultpanel.NewRelay(t.Context(), echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relay.Close() }()
	p, _ := panel(t, relay, nil)
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", relay.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	early := dial()
	if err := says(early); err != nil {
		t.Fatal(err)
	}
	send(p, http.MethodPut, "/dev/redis", `{"off":true}`)
	if says(early) == nil || says(dial()) == nil {
		t.Error("something passes a relay that is cut")
	}
	if got := send(p, http.MethodGet, "/dev/faults", "").Body.String(); !strings.Contains(got, `"redis":{"off":true}`) {
		t.Errorf("shows %s", got)
	}
	send(p, http.MethodPut, "/dev/redis", `{"off":false}`)
	if err := says(dial()); err != nil {
		t.Errorf("nothing passes a relay that was mended: %v", err)
	}
}

func TestPanel_RefusesRebindingHosts(t *testing.T) {
	p, rules := panel(t, nil, func(context.Context) error { t.Error("the cache was emptied"); return nil })
	for _, host := range []string{"evil.example:8000", "evil.example", "localhost.evil.example:8000", ""} {
		for _, request := range [][2]string{{http.MethodGet, "/dev/faults"}, {http.MethodPut, "/dev/faults/books"}, {http.MethodPut, "/dev/redis"}, {http.MethodDelete, "/dev/cache"}} {
			r := httptest.NewRequest(request[0], request[1], strings.NewReader(`[{"route":"*"}]`))
			r.Host = host
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			if w.Code != http.StatusForbidden || *rules != "[]" {
				t.Errorf("Host %q, %s: %d %s; the service has %s", host, request, w.Code, w.Body, *rules)
			}
		}
	}
	for _, host := range []string{"127.0.0.1:8000", "[::1]:8000", "192.168.1.7:8000", "localhost"} {
		r := httptest.NewRequest(http.MethodGet, "/dev/faults", http.NoBody)
		r.Host = host
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("Host %q: %d %s", host, w.Code, w.Body)
		}
	}
}
