package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit"
)

// running is a gateway that runs until the end of the test.
type running struct {
	clients, ops string // base URLs; ops is "" if there is none
	log          *locked
	stop         func()
}

// locked is a buffer for concurrent use.
type locked struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines returns the records of the log with a message.
func (l *locked) lines(t *testing.T, msg string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		record := map[string]any{}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if record["msg"] == msg {
			all = append(all, record)
		}
	}
	return all
}

// runGateway runs the gateway over the library's graph.
func runGateway(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	return runGatewayIn(t, Environment{}, env, args...)
}

// runGatewayIn is runGateway in an environment, apart from what it has of variables and files.
func runGatewayIn(t *testing.T, in Environment, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{log: &locked{}}
	args = append([]string{"gateway", "--addr=127.0.0.1:0", "--drain-delay=0s", "--playground"}, args...)
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	for name, url := range testgraph.Start(t).URLs {
		args = append(args, "--"+name+"-url="+url)
	}
	var done sync.WaitGroup
	done.Go(func() {
		in.Args, in.Getenv, in.Environ, in.Stdout, in.Stderr = args, func(name string) string { return env[name] }, environ, io.Discard, r.log
		code := Run(ctx, library(), in)
		if code != 0 {
			t.Errorf("exit code %d: %s", code, r.log)
		}
	})
	r.stop = sync.OnceFunc(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		done.Wait()
	})
	t.Cleanup(r.stop)
	testkit.WaitFor(t, "the gateway to listen", func() bool { return strings.Contains(r.log.String(), "gateway is listening") })
	addr := func(msg string) string {
		if found := regexp.MustCompile(`"` + msg + `","addr":"([^"]+)"`).FindStringSubmatch(r.log.String()); found != nil {
			return "http://" + strings.Replace(found[1], "[::]", "127.0.0.1", 1)
		}
		return ""
	}
	r.clients, r.ops = addr("gateway is listening"), addr("ops listener is listening")
	return r
}

func statusOf(t *testing.T, method, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(`{"tags":["*"]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestOps_EachPathIsOnItsListener(t *testing.T) {
	r := runGateway(t, nil, "--ops-addr=127.0.0.1:0")
	for path, on := range map[string]struct{ clients, ops int }{
		"/livez":                          {200, 200},
		"/readyz":                         {200, 200},
		"/health":                         {404, 200},
		"/metrics":                        {404, 200},
		"/docs":                           {404, 200},
		"/openapi.json":                   {404, 200},
		"/":                               {404, 200},
		"/status.json":                    {404, 200},
		"/admin/log-level":                {404, 200},
		"/admin/other":                    {404, 404},
		"/playground":                     {200, 404},
		"/shelf":                          {200, 404},
		"/api/authors/a1":                 {200, 404},
		"/graphql?query=%7B__typename%7D": {200, 404},
		"/nothing":                        {404, 404},
	} {
		if got := statusOf(t, http.MethodGet, r.clients+path); got != on.clients {
			t.Errorf("clients %s: %d, want %d", path, got, on.clients)
		}
		if got := statusOf(t, http.MethodGet, r.ops+path); got != on.ops {
			t.Errorf("operators %s: %d, want %d", path, got, on.ops)
		}
	}
	r.stop()
	if n := len(r.log.lines(t, "draining")); n == 0 {
		t.Error("the log does not tell of draining")
	}
}

func TestOps_AdminNeedsTheTokenBeyondLoopback(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		status int
	}{
		"loopback":                 {[]string{"--ops-addr=127.0.0.1:0"}, 200},
		"loopback, with a token":   {[]string{"--ops-addr=127.0.0.1:0", "--admin-token=secret"}, 401},
		"any address":              {[]string{"--ops-addr=:0"}, 401},
		"any address, with a host": {[]string{"--ops-addr=0.0.0.0:0", "--admin-token=secret"}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := runGateway(t, nil, tt.args...)
			if got := statusOf(t, http.MethodPost, r.ops+"/admin/purge"); got != tt.status {
				t.Errorf("%d, want %d", got, tt.status)
			}
			if got := statusOf(t, http.MethodGet, r.ops+"/metrics"); got != 200 {
				t.Errorf("/metrics: %d", got)
			}
		})
	}
}

func TestLog_StartTellsOfSettings(t *testing.T) {
	r := runGateway(t, map[string]string{"BFF_ADMIN_TOKEN": "s3cr3t", "BFF_CACHE_TLL": "10s", "BFF_CACHE_TTL": "20s", "BFF_REDIS": "s3cr3t"}, "--ops-addr=127.0.0.1:0")
	changed := r.log.lines(t, "settings that are not default")
	if len(changed) != 1 {
		t.Fatalf("%d lines", len(changed))
	}
	set, _ := changed[0]["settings"].(map[string]any)
	want := []string{"addr", "admin_token", "authors_url", "books_url", "cache_ttl", "drain_delay", "ops_addr", "playground"}
	if names := slices.Sorted(maps.Keys(set)); !slices.Equal(names, want) || set["cache_ttl"] != "20s" || set["admin_token"] != "***" {
		t.Errorf("%v", set)
	}
	nearest := map[any]any{}
	for _, line := range r.log.lines(t, "unknown setting in the environment") {
		nearest[line["variable"]] = line["nearest"]
	}
	if len(nearest) != 2 || nearest["BFF_CACHE_TLL"] != "BFF_CACHE_TTL" || nearest["BFF_REDIS"] == nil {
		t.Errorf("unknown variables: %v", nearest)
	}
	if strings.Contains(r.log.String(), "s3cr3t") {
		t.Errorf("the log has a secret: %s", r.log)
	}
}

func TestLog_ProbesAndPagesAreAtDebug(t *testing.T) {
	quiet := []string{"/livez", "/readyz", "/health", "/metrics", "/", "/docs", "/openapi.json", "/status.json", "/playground", "/shelf"}
	loud := []string{"/api/authors/a1", "/graphql?query=%7B__typename%7D", "/nothing", "/docsx"}
	for level, want := range map[string]int{"info": len(loud), "debug": len(loud) + len(quiet)} {
		r := runGateway(t, nil, "--log-level="+level)
		for _, path := range slices.Concat(quiet, loud) {
			statusOf(t, http.MethodGet, r.clients+path)
		}
		r.stop()
		got := map[string]int{}
		for _, line := range r.log.lines(t, "request") {
			got[line["level"].(string)]++
		}
		if got["INFO"]+got["DEBUG"] != want || got["INFO"] != len(loud) {
			t.Errorf("%s: %v requests are logged, want %d", level, got, want)
		}
	}
}

// The listener of operators has a limit of connections of its own, at which an idle one is
// closed for a new one.
func TestOps_OwnConnectionLimit(t *testing.T) {
	r := runGateway(t, nil, "--ops-addr=127.0.0.1:0", "--ops-max-connections=1", "--max-connections=100")
	var idle net.Conn
	for range 2 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(r.ops, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		_ = resp.Body.Close()
		if idle == nil {
			idle = conn
		}
	}
	_ = idle.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the first connection has %d bytes more, %v", n, err)
	}
}
