package upstream_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/dns/dnsmessage"

	"tributary/gateway/upstream"
)

// nameserver answers every question for an IPv4 address with the current one.
type nameserver struct {
	addr    string
	current atomic.Pointer[[4]byte]
}

// newNameserver starts a name server, which all lookups of the process use until the test
// ends.
func newNameserver(t *testing.T) *nameserver {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nameserver{addr: conn.LocalAddr().String()}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.serve(conn)
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", n.addr)
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = conn.Close()
		<-ended
	})
	return n
}

func (n *nameserver) serve(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		length, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:length]) != nil || len(m.Questions) != 1 {
			continue
		}
		m.Response, m.Additionals = true, nil
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: *n.current.Load()},
			}}
		}
		if packed, err := m.Pack(); err == nil {
			_, _ = conn.WriteTo(packed, from)
		}
	}
}

func (n *nameserver) says(last byte) { n.current.Store(&[4]byte{127, 0, 0, last}) }

// A service whose name leads to another address is found there, whatever became of the
// connections to the old one.
func TestPool_FollowsDNS(t *testing.T) {
	for name, fate := range map[string]func(*httptest.Server, *proxy){
		"the old server still answers": func(*httptest.Server, *proxy) {},
		"the old server is gone":       func(s *httptest.Server, _ *proxy) { s.Close() },
		"the old server is silent":     func(_ *httptest.Server, p *proxy) { p.fallSilent() },
	} {
		t.Run(name, func(t *testing.T) {
			dns := newNameserver(t)
			dns.says(1)
			old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "old") }))
			t.Cleanup(old.Close)
			p := newProxy(t, old.Listener.Addr().String())
			_, port, _ := net.SplitHostPort(p.addr)
			ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.2:"+port)
			if err != nil {
				t.Skip("NOT TESTED: this machine has no 127.0.0.2:", err)
			}
			fresh := &httptest.Server{Listener: ln, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "new") })}}
			fresh.Start()
			t.Cleanup(fresh.Close)

			cfg := upstream.Config{Timeout: time.Second, ConnectionAge: 50 * time.Millisecond, MaxBody: 1000}
			c, err := upstream.NewClient("things", "http://things.example.com:"+port, cfg, upstream.NewMetrics(prometheus.NewRegistry()))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			get := func() string { body, _ := c.Get(t.Context(), "/x"); return string(body) }
			if got := get(); got != "old" {
				t.Fatalf("at first %q answers", got)
			}
			dns.says(2)
			fate(old, p)
			until(t, "the new server is asked", func() bool { return get() == "new" })
		})
	}
}
