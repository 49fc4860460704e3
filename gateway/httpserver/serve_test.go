package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/httpserver"
)

// running is a server that is under way.
type running struct {
	url   string
	stop  context.CancelFunc
	done  chan error    // what Serve returned
	ended chan struct{} // that it has
}

func start(t *testing.T, s *httpserver.Server) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{url: "http://" + ln.Addr().String(), stop: cancel, done: make(chan error, 1), ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.done <- s.Serve(ctx, ln)
	}()
	t.Cleanup(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		<-r.ended
	})
	return r
}

func get(url string) (*http.Response, error) {
	resp, err := http.Get(url)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return resp, err
}

func TestServe_Drains(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	var log bytes.Buffer // read when the server has ended
	r := start(t, &httpserver.Server{Grace: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil)), Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	})})
	answered := make(chan error, 1)
	go func() { _, err := get(r.url); answered <- err }()
	<-entered
	r.stop()
	for { // the listener closes while the request is under way
		conn, err := net.Dial("tcp", r.url[len("http://"):])
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case err := <-r.done:
		t.Fatalf("ended with %v before the request did", err)
	default:
	}
	close(release)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if line := `msg=draining addr=` + r.url[len("http://"):] + " in_flight=1\n"; !strings.HasSuffix(log.String(), line) {
		t.Errorf("the log has no %s: %s", line, &log)
	}
}

// What one connection can hold is bounded, and so is their number.
func TestServe_MaxConnections(t *testing.T) {
	hold := make(chan struct{})
	entered := make(chan struct{}, 3)
	r := start(t, &httpserver.Server{MaxConnections: 2, Grace: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-hold
		w.Header().Set("Connection", "close")
	})})
	answered := make(chan error, 3)
	for range 3 {
		go func() { _, err := get(r.url); answered <- err }()
	}
	<-entered
	<-entered
	select {
	case <-entered:
		t.Error("a third was accepted")
	case <-time.After(50 * time.Millisecond):
	}
	close(hold)
	for range 3 {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
}

// net/http has an answer of its own for it, which no handler sees.
func TestServe_OptionsAsterisk(t *testing.T) {
	routes := httpserver.NewRouter(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	routes.Get("/", httpserver.Live)
	r := start(t, &httpserver.Server{Handler: routes})
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNotFound || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s, %v", resp.Status, resp.Header)
	}
}

func TestServe_WhileDraining(t *testing.T) {
	ready := &httpserver.Readiness{}
	r := start(t, &httpserver.Server{Ready: ready, DrainDelay: 2 * time.Second, Grace: time.Minute, Handler: ready})
	if resp, err := get(r.url); err != nil || resp.StatusCode != http.StatusOK || resp.Close {
		t.Fatalf("before the drain: %v %v", resp, err)
	}
	r.stop()
	for {
		resp, err := get(r.url)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusServiceUnavailable {
			if !resp.Close {
				t.Error("keeps the connection")
			}
			break
		}
	}
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

// What does not end within the grace is cut off: a handler that goes on, and a client that
// does not read. The stop itself is in order.
func TestServe_CutsOffAfterTheGrace(t *testing.T) {
	for name, handle := range map[string]http.HandlerFunc{
		"a handler that goes on":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a client that does not read":   func(w http.ResponseWriter, r *http.Request) { flood(w, r, false) },
		"a client that reads no events": func(w http.ResponseWriter, r *http.Request) { flood(w, r, true) },
	} {
		t.Run(name, func(t *testing.T) {
			entered, left := make(chan struct{}), make(chan struct{})
			var log bytes.Buffer
			r := start(t, &httpserver.Server{Log: slog.New(slog.NewTextHandler(&log, nil)), Grace: 10 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(left)
				close(entered)
				handle(w, r)
			})})
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
			<-entered
			r.stop()
			if err := <-r.done; err != nil {
				t.Errorf("ended with %v", err)
			}
			<-left
			if !strings.Contains(log.String(), "requests were cut off") {
				t.Errorf("logged %q", log.String())
			}
		})
	}
}

// flood writes until it cannot any more.
func flood(w http.ResponseWriter, r *http.Request, flush bool) {
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 64<<10)); err != nil {
			return
		}
		if flush {
			_ = http.NewResponseController(w).Flush()
		}
	}
}
