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

	"tributary/gateway/faultinject"
	"tributary/gateway/faultpanel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
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

func panel(redis *faultpanel.TCPProxy, forget func(context.Context) error) (*faultpanel.Panel, *faultinject.Rules) {
	rules := &faultinject.Rules{}
	return faultpanel.New(map[string]*faultinject.Rules{"drafts": rules, "poets": {}}, redis, forget, slog.New(slog.DiscardHandler)), rules
}

func TestPanel_Rules(t *testing.T) {
	p, rules := panel(nil, nil)
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodGet, "/dev/faults/drafts", "", 200, "[]"},
		{http.MethodPut, "/dev/faults/drafts",
			`[{"route":"GET /drafts/{id}","latency":"200ms","error_rate":0.5,"status":500},{"route":"*","lost":true}]`, 200,
			`[{"route":"GET /drafts/{id}","latency":"200ms","error_rate":0.5,"status":500},{"route":"*","status":503,"lost":true}]`},
		{http.MethodPut, "/dev/faults/drafts", `[{"route":"*"}]`, 200, `[{"route":"*","status":503}]`},
		{http.MethodGet, "/dev/faults", "", 200, `{"services":{"drafts":[{"route":"*","status":503}],"poets":[]},"redis":null}`},
		{http.MethodPut, "/dev/faults/payments", "[]", 404, "there is no such service"},
		{http.MethodDelete, "/dev/faults/drafts", "", 204, ""},
		{http.MethodGet, "/dev/faults/drafts", "", 200, "[]"},
	} {
		if w := send(p, step.method, step.path, step.body); w.Code != step.status || !strings.Contains(w.Body.String(), step.want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", step.method, step.path, step.body, w.Code, w.Body, step.status, step.want)
		}
	}
	for body, want := range map[string]string{
		`null`:                            "body: must be a list of rules",
		`{"route":"*"}`:                   "body: must be a list of rules",
		`[{"route":"*","lattency":"1s"}]`: "body: must be a list of rules",
		`[{"route":"*","hang":1}]`:        "hang must not be a number",
		`[{}]`:                            "body[0].route: must be * or a method and a path",
		`[{"route":"*"},{"route":"*","latency":"2"}]`:                  "body[1].latency: must be a duration from 0s to 10m0s",
		`[{"route":"*","error_rate":1.1}]`:                             "body[0].error_rate: must be from 0 to 1",
		`[{"route":"*","status":200}]`:                                 "body[0].status: must be from 400 to 599",
		`[` + strings.Repeat(`{"route":"*"},`, 100) + `{"route":"*"}]`: "has 101 rules",
	} {
		if w := send(p, http.MethodPut, "/dev/faults/drafts", body); w.Code != http.StatusBadRequest ||
			!strings.Contains(w.Body.String(), want) {
			t.Errorf("%.60s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
	if left := rules.List(); len(left) != 0 {
		t.Errorf("refused rules left %v", left)
	}
}

func TestPanel_OtherOrigin(t *testing.T) {
	p, rules := panel(nil, func(context.Context) error { t.Error("the cache was emptied"); return nil })
	for _, at := range []string{"PUT /dev/faults/drafts", "PUT /dev/redis", "DELETE /dev/cache"} {
		method, path, _ := strings.Cut(at, " ")
		if w := send(p, method, path, "[1]", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", at, w.Code)
		}
	}
	if left := rules.List(); len(left) != 0 {
		t.Errorf("rules %v", left)
	}
}

func TestPanel_PurgeWithoutRedis(t *testing.T) {
	emptied := 0
	p, _ := panel(nil, func(context.Context) error { emptied++; return errors.New("no Redis") })
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

func TestProxy_CutAndMended(t *testing.T) {
	relay, err := faultpanel.NewTCPProxy(t.Context(), echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relay.Close() }()
	p, _ := panel(relay, nil)
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
	p, rules := panel(nil, func(context.Context) error { t.Error("the cache was emptied"); return nil })
	for _, host := range []string{"evil.example:8000", "evil.example", "localhost.evil.example:8000", ""} {
		for _, request := range [][2]string{{http.MethodGet, "/dev/faults"}, {http.MethodPut, "/dev/faults/books"},
			{http.MethodPut, "/dev/redis"}, {http.MethodDelete, "/dev/cache"}} {
			r := httptest.NewRequest(request[0], request[1], strings.NewReader(`[{"route":"*"}]`))
			r.Host = host
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			if w.Code != http.StatusForbidden || len(rules.List()) != 0 {
				t.Errorf("Host %q, %s: %d %s; the rules are %v", host, request, w.Code, w.Body, rules.List())
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
