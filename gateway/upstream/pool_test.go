package upstream_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/upstream"
)

// proxy forwards TCP connections until they fall silent, one by one or all.
type proxy struct {
	addr     string
	accepted atomic.Int64
	ended    atomic.Int64 // of the accepted ones

	mu     sync.Mutex
	silent map[net.Conn]bool // by connection of the client; nothing passes, and it stays open
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: ln.Addr().String(), silent: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			p.accepted.Add(1)
			running.Go(func() { p.forward(conn, to) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		p.mu.Lock()
		for conn := range p.silent {
			_ = conn.Close()
		}
		p.mu.Unlock()
		running.Wait()
	})
	return p
}

// fallSilent makes all connections that exist silent. New ones work.
func (p *proxy) fallSilent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.silent {
		p.silent[conn] = true
	}
}

func (p *proxy) forward(client net.Conn, to string) {
	server, err := net.Dial("tcp", to)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.silent[client] = false
	p.mu.Unlock()
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			p.copy(client, pair[1], pair[0])
			_ = server.Close()
			_ = client.Close()
		})
	}
	both.Wait()
	p.ended.Add(1)
}

func (p *proxy) copy(client, to, from net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		silent := p.silent[client]
		p.mu.Unlock()
		if silent {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// behindProxy returns a client of a service behind a proxy, by HTTP/1.1 or HTTP/2.
func behindProxy(t *testing.T, cfg upstream.Config, http2 bool) (*upstream.Client, *proxy) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/hang") {
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	service := upstream.ServiceConfig{}
	scheme := "http://"
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
		service.CA, scheme = writeFiles(t, server.TLS.Certificates[0]).cert, "https://"
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	p := newProxy(t, server.Listener.Addr().String())
	service.URL = scheme + p.addr
	c, err := service.NewClient("things", cfg, upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, p
}

// warm makes calls at the same time, so that there are as many connections of HTTP/1.1.
func warm(t *testing.T, c *upstream.Client, calls int) {
	t.Helper()
	var running sync.WaitGroup
	for range calls {
		running.Go(func() {
			if _, err := c.Get(t.Context(), "/x"); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
}

// Connections that died silently cost one attempt, however many there are.
func TestPool_ReplacesSilentConnections(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, p := behindProxy(t, upstream.Config{Timeout: 2 * time.Second}, http2)
			warm(t, c, 8)
			p.fallSilent()
			if _, err := c.Get(t.Context(), "/x"); err == nil {
				t.Error("a call over a dead connection succeeded")
			}
			for range 8 {
				if proto, err := c.Get(t.Context(), "/x"); err != nil || string(proto) != name {
					t.Fatalf("the next one: %q, %v", proto, err)
				}
			}
		})
	}
	// A retry is the next attempt, so that the call as a whole succeeds.
	t.Run("with a retry", func(t *testing.T) {
		t.Parallel()
		c, p := behindProxy(t, upstream.Config{Timeout: 2 * time.Second, Retries: 1, RetryBudget: 1}, true)
		warm(t, c, 1)
		p.fallSilent()
		if _, err := c.Get(t.Context(), "/x"); err != nil {
			t.Error(err)
		}
	})
}

// An idle connection of HTTP/2 that has died is closed before a call is lost by it.
func TestPool_PingsIdleConnections(t *testing.T) {
	t.Parallel()
	c, p := behindProxy(t, upstream.Config{Timeout: 2 * time.Second}, true)
	warm(t, c, 1)
	p.fallSilent()
	until(t, "the connection is closed", func() bool { return p.ended.Load() > 0 })
	warm(t, c, 1)
	if n := p.accepted.Load(); n != 2 {
		t.Errorf("%d connections were made", n)
	}
}

// A connection of HTTP/2 that others use is not given up because one path of the service
// hangs.
func TestPool_KeepsConnectionsThatLive(t *testing.T) {
	c, p := behindProxy(t, upstream.Config{Timeout: 400 * time.Millisecond}, true)
	warm(t, c, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Get(t.Context(), "/hang")
	}()
	for ended := false; !ended; {
		if _, err := c.Get(t.Context(), "/x"); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
			ended = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	warm(t, c, 1)
	if n := p.accepted.Load(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
}

// A caller in a hurry ends its own request only: the connection that others share stays.
func TestPool_KeepsConnectionsOfHurry(t *testing.T) {
	t.Parallel()
	c, p := behindProxy(t, upstream.Config{Timeout: 400 * time.Millisecond}, true)
	warm(t, c, 1)
	for range 3 {
		hasty, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		_, _ = c.Get(hasty, "/hang")
		cancel()
	}
	warm(t, c, 1)
	if n := p.accepted.Load(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
}

// Old connections are replaced, those in use when they are free.
func TestPool_ReplacesOldConnections(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const age = 50 * time.Millisecond
			c, p := behindProxy(t, upstream.Config{Timeout: 10 * time.Second, ConnectionAge: age}, http2)
			start := time.Now()
			until(t, "the connection is replaced", func() bool { warm(t, c, 1); return p.accepted.Load() > 2 })
			if took := time.Since(start); took < age {
				t.Errorf("after %v", took)
			}
			young, fresh := behindProxy(t, upstream.Config{Timeout: 10 * time.Second, ConnectionAge: time.Hour}, http2)
			for range 20 {
				warm(t, young, 1)
			}
			if n := fresh.accepted.Load(); n != 1 {
				t.Errorf("%d connections were made for an hour", n)
			}
		})
	}
}
