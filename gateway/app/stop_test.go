package app

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
)

// deadEnd returns the address of a server that accepts connections and never answers.
func deadEnd(t *testing.T) string {
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
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return ln.Addr().String()
}

// begin sends the beginning of a request whose body does not come.
func begin(t *testing.T, base, request string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, request+" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
}

// The parts of a gateway that stop slowly stop side by side, within a second after the grace of
// its clients: operators who hold on to their requests, a dead collector of traces, a dead
// Redis, and all of them together.
func TestStop_SlowPartsSideBySide(t *testing.T) {
	operators := func(t *testing.T, r *running) {
		t.Helper()
		begin(t, r.ops, "POST /admin/purge")
		begin(t, r.ops, "PUT /admin/log-level")
	}
	clients := func(t *testing.T, r *running) { t.Helper(); begin(t, r.clients, "POST /graphql") }
	for name, c := range map[string]struct {
		dead []string // variables that name a server which never answers
		hold []func(*testing.T, *running)
	}{
		"operators": {hold: []func(*testing.T, *running){operators}},
		"traces":    {dead: []string{"OTEL_EXPORTER_OTLP_ENDPOINT"}},
		"Redis":     {dead: []string{"BFF_REDIS_URL"}},
		"all":       {dead: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "BFF_REDIS_URL"}, hold: []func(*testing.T, *running){operators, clients}},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{}
			for _, variable := range c.dead {
				scheme := map[bool]string{true: "redis://", false: "http://"}[variable == "BFF_REDIS_URL"]
				env[variable] = scheme + deadEnd(t)
				t.Setenv(variable, env[variable]) // OpenTelemetry's library reads it itself
			}
			r := runGateway(t, env, "--ops-addr=127.0.0.1:0", "--request-timeout=300ms")
			if status := statusOf(t, "POST", r.clients+"/graphql"); status == 0 { // so that there is a span
				t.Error("no answer")
			}
			for _, hold := range c.hold {
				hold(t, r)
			}
			testkit.WaitFor(t, "the requests are under way", func() bool {
				return len(c.hold) == 0 || statusOf(t, "GET", r.ops+"/livez") == 200
			})
			start := time.Now()
			r.stop()
			// The grace of clients, if they hold on, and a second; and as long again, as the
			// machine may be busy.
			limit := 2 * time.Second
			if len(c.hold) > 1 {
				limit += 300*time.Millisecond + stopGrace
			}
			if took := time.Since(start); took > limit {
				t.Errorf("it took %v, want %v at most", took, limit)
			}
		})
	}
}
