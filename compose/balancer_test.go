// Package compose_test tests the files by which the stack is run, without Docker.
package compose_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit"
)

const balancerConfig = "haproxy.cfg"

// directives returns the values of a directive of the balancer's configuration.
func directives(t *testing.T, name string) (values []string) {
	t.Helper()
	text, err := os.ReadFile(balancerConfig)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			values = append(values, value)
		}
	}
	return values
}

// What is repeated may have been executed, unless it did not connect.
func TestBalancer_RepeatsOnlyWhatDidNotConnect(t *testing.T) {
	if got := directives(t, "retry-on"); !slices.Equal(got, []string{"conn-failure"}) {
		t.Errorf("retry-on %q, want conn-failure alone", got)
	}
	for _, name := range []string{"timeout connect", "timeout client", "timeout server", "timeout tunnel",
		"timeout http-request", "timeout http-keep-alive", "timeout queue"} {
		if got := directives(t, name); len(got) != 1 {
			t.Errorf("%s is %q, want one value", name, got)
		}
	}
}

// backend is a gateway behind the balancer, in this process: an [httpserver.Server] that
// can be restarted, with connections that can be cut as the death of a process does.
type backend struct {
	t    *testing.T
	addr string
	held chan struct{} // receives for each request for /hold that has arrived

	answered, deadly atomic.Int64

	mu    sync.Mutex
	ln    net.Listener
	conns []net.Conn
	stop  context.CancelFunc
	done  chan error
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{t: t, addr: testkit.KeepAddr(t), held: make(chan struct{}, 100)}
	b.start()
	t.Cleanup(func() { b.kill() })
	return b
}

func (b *backend) start() {
	b.t.Helper()
	ln, err := net.Listen("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	ready := &httpserver.Readiness{}
	mux := http.NewServeMux()
	mux.Handle("/readyz", ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(5 * time.Millisecond) // it is at work
		b.answered.Add(1)
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("/hold", func(_ http.ResponseWriter, r *http.Request) {
		b.held <- struct{}{}
		<-r.Context().Done()
	})
	mux.HandleFunc("/deadly", func(w http.ResponseWriter, _ *http.Request) {
		b.deadly.Add(1)
		conn, _, _ := http.NewResponseController(w).Hijack()
		_ = conn.Close()
	})
	b.ln = ln
	var ctx context.Context
	ctx, b.stop = context.WithCancel(b.t.Context())
	b.done = make(chan error, 1)
	server := &httpserver.Server{Handler: mux, Log: slog.New(slog.DiscardHandler), Ready: ready, DrainDelay: time.Second,
		Grace: 10 * time.Second}
	go func() { b.done <- server.Serve(ctx, &tracking{ln, b}) }()
}

// restart stops the server as SIGTERM does, and starts it again.
func (b *backend) restart() {
	b.t.Helper()
	b.stop()
	if err := <-b.done; err != nil {
		b.t.Errorf("the stop dropped requests: %v", err)
	}
	b.start()
}

// kill ends the server as SIGKILL does: it no longer listens, and its connections are
// reset.
func (b *backend) kill() {
	b.mu.Lock()
	_ = b.ln.Close()
	for _, conn := range b.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	b.conns = nil
	b.mu.Unlock()
	<-b.done
	b.stop()
}

// tracking is a listener that remembers its connections.
type tracking struct {
	net.Listener
	b *backend
}

func (l *tracking) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.b.mu.Lock()
		l.b.conns = append(l.b.conns, conn)
		l.b.mu.Unlock()
	}
	return conn, err
}

// startBalancer runs HAProxy with the stack's configuration, but for addresses, before
// backends, and returns its URL.
func startBalancer(t *testing.T, backends ...*backend) string {
	t.Helper()
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("NOT TESTED: there is no haproxy here; install it")
	}
	text, err := os.ReadFile(balancerConfig)
	if err != nil {
		t.Fatal(err)
	}
	addr := testkit.KeepAddr(t)
	config := strings.Replace(string(text), "bind :8000", "bind "+addr, 1)
	config = regexp.MustCompile(`(?m)^resolvers docker\n( {4}.*\n)+`).ReplaceAllString(config, "")
	var servers strings.Builder
	template := regexp.MustCompile(`(?m)^    server-template \S+ \S+ \S+ (.*) resolvers docker init-addr none$`)
	options := template.FindStringSubmatch(config)
	if options == nil {
		t.Fatalf("no server-template in %s", balancerConfig)
	}
	for i, b := range backends {
		fmt.Fprintf(&servers, "    server gateway%d %s %s\n", i+1, b.addr, options[1])
	}
	config = template.ReplaceAllLiteralString(config, servers.String())
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	process := exec.Command(binary, "-db", "-f", file)
	process.Stdout, process.Stderr = &output, &output
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	url := "http://" + addr
	testkit.WaitFor(t, "the balancer has found all gateways", func() bool {
		answered := 0
		for _, b := range backends {
			before := b.answered.Load()
			for range 2 * len(backends) {
				if resp, err := http.Get(url); err == nil {
					_ = resp.Body.Close()
				}
			}
			if b.answered.Load() > before {
				answered++
			}
		}
		return answered == len(backends)
	})
	return url
}

// clients send requests to url until stop is called, which returns how many were
// answered and how many were not, or not well.
func clients(t *testing.T, url string) (stop func() (good, bad int)) {
	t.Helper()
	var good, bad atomic.Int64
	var enough atomic.Bool
	var running sync.WaitGroup
	for i := range 8 {
		client := &http.Client{Transport: &http.Transport{}}
		running.Go(func() {
			defer client.CloseIdleConnections()
			for n := i; !enough.Load(); n++ {
				if n%7 == 0 {
					client.CloseIdleConnections() // some keep their connection, some do not
				}
				if err := ask(client, url, n%2 == 0); err != nil {
					bad.Add(1)
					t.Log(err)
				} else {
					good.Add(1)
				}
			}
		})
	}
	return func() (int, int) {
		enough.Store(true)
		running.Wait()
		return int(good.Load()), int(bad.Load())
	}
}

// ask sends one request; a POST is not repeated by the client.
func ask(client *http.Client, url string, post bool) error {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if post {
		method, body = http.MethodPost, io.NopCloser(strings.NewReader(`{"query":"{ a }"}`))
	}
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", method, resp.Status)
	}
	return nil
}

func TestBalancer_RestartCostsNothing(t *testing.T) {
	one, two := newBackend(t), newBackend(t)
	stop := clients(t, startBalancer(t, one, two))
	for _, b := range []*backend{one, two} {
		b.restart()
		before := b.answered.Load()
		testkit.WaitFor(t, "it is used again", func() bool { return b.answered.Load() > before+20 })
	}
	good, bad := stop()
	t.Logf("%d answers, %d failed", good, bad)
	if bad > 0 {
		t.Errorf("%d of %d requests failed", bad, good+bad)
	}
}

// A gateway that dies costs the requests that it was answering, and no other gateway is
// sent one of them.
func TestBalancer_DeathCostsWhatWasInFlight(t *testing.T) {
	one, two := newBackend(t), newBackend(t)
	url := startBalancer(t, one, two)
	const held = 6
	status := make(chan int, held)
	for range held {
		go func() {
			resp, err := http.Get(url + "/hold")
			if err != nil {
				status <- 0
				return
			}
			_ = resp.Body.Close()
			status <- resp.StatusCode
		}()
	}
	testkit.WaitFor(t, "the requests are in flight", func() bool { return len(one.held)+len(two.held) == held })
	lost := len(one.held)
	one.kill()
	stop := clients(t, url)
	for range lost {
		if got := <-status; got != http.StatusBadGateway {
			t.Errorf("a request in flight ended with %d", got)
		}
	}
	before := two.answered.Load()
	testkit.WaitFor(t, "the other gateway answers", func() bool { return two.answered.Load() > before+100 })
	if good, bad := stop(); bad > 0 {
		t.Errorf("%d of %d requests failed after the death", bad, good+bad)
	}
	if lost == 0 || len(two.held) != held-lost {
		t.Errorf("of %d requests one gateway had %d when it died, the other has had %d", held, lost, len(two.held))
	}
	one.start()
}

// A request that kills gateways kills one.
func TestBalancer_DeadlyRequestIsNotRepeated(t *testing.T) {
	one, two := newBackend(t), newBackend(t)
	url := startBalancer(t, one, two)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for n, post := range []bool{false, true, false, true} {
		if err := ask(client, url+"/deadly", post); err == nil {
			t.Error("it was answered")
		}
		if sent := int(one.deadly.Load() + two.deadly.Load()); sent != n+1 {
			t.Fatalf("%d requests were sent %d times", n+1, sent)
		}
	}
}

// A client that sends its headers slowly is cut off by the balancer.
func TestBalancer_SlowHeadersAreCutOff(t *testing.T) {
	one := newBackend(t)
	url := startBalancer(t, one)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("got %v, %v", resp, err)
	}
}
