// Package tcpproxy is a TCP proxy for tests that can silence, delay and close connections and
// switch its target.
package tcpproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy forwards connections to a target. Its methods are safe for concurrent use.
type Proxy struct {
	Addr string

	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	target  string
	refuses bool
	delay   time.Duration
	held    []byte        // the first bytes of a client whose responses are held back; nil: none
	free    chan struct{} // closed when they are not held back any more
	open    map[*link]bool
}

// link is a connection of a client and the one to the target.
type link struct {
	client, server net.Conn
	silent         chan struct{} // closed when it no longer forwards anything
	once           sync.Once
	sent           bytes.Buffer // the beginning of what the client has sent; guarded by the proxy's mu
}

// beginning is how many bytes of what a client sends are remembered.
const beginning = 4096

// New starts a proxy that ends with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: listener.Addr().String(), listener: listener, target: target, open: map[*link]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Release()
		p.Cut()
		p.running.Wait()
	})
	return p
}

// Silence stops to forward on the connections that are open, for good; new ones work.
func (p *Proxy) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.once.Do(func() { close(l.silent) })
	}
}

// Hold holds back what the target sends on connections whose client sends text first, until
// Release.
func (p *Proxy) Hold(text string) {
	p.set(func() {
		if p.held == nil {
			p.free = make(chan struct{})
		}
		p.held = []byte(text)
	})
}

// Release forwards what is held back.
func (p *Proxy) Release() {
	p.set(func() {
		if p.held != nil {
			p.held = nil
			close(p.free)
		}
	})
}

// Cut closes all connections, and new ones at once, until Restore.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = true
	for l := range p.open {
		l.close()
	}
}

// Restore forwards new connections again.
func (p *Proxy) Restore() { p.set(func() { p.refuses = false }) }

// Switch forwards new connections to another target; those that are open stay.
func (p *Proxy) Switch(target string) { p.set(func() { p.target = target }) }

// Delay forwards everything later by d, on connections that are open too; 0 ends that.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.delay = d }) }

// Heal ends what the other methods began, but that silent connections are cut.
func (p *Proxy) Heal(target string) {
	p.Cut()
	p.set(func() { p.target, p.refuses, p.delay = target, false, 0 })
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *Proxy) accept() {
	dialer := net.Dialer{Timeout: time.Second}
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too few file descriptors: a client may be in the backlog
			time.Sleep(10 * time.Millisecond)
			continue
		}
		p.mu.Lock()
		target, refuses := p.target, p.refuses
		p.mu.Unlock()
		server, err := dialer.DialContext(context.Background(), "tcp", target)
		if refuses || err != nil {
			_ = client.Close()
			if err == nil {
				_ = server.Close()
			}
			continue
		}
		l := &link{client: client, server: server, silent: make(chan struct{})}
		p.set(func() { p.open[l] = true })
		p.running.Go(func() { p.forward(l) })
	}
}

func (p *Proxy) forward(l *link) {
	var both sync.WaitGroup
	both.Go(func() {
		p.copy(l, l.server, l.client, func(sent []byte) {
			p.set(func() { l.sent.Write(sent[:min(len(sent), beginning-l.sent.Len())]) })
		})
	})
	both.Go(func() { p.copy(l, l.client, l.server, func([]byte) { p.hold(l) }) })
	both.Wait()
	p.set(func() { delete(p.open, l) })
}

// hold waits while answers on l are held back.
func (p *Proxy) hold(l *link) {
	var free chan struct{}
	p.set(func() {
		if p.held != nil && bytes.Contains(l.sent.Bytes(), p.held) {
			free = p.free
		}
	})
	if free != nil {
		<-free
	}
}

// copy forwards what from sends until one side closes, and calls seen before. What a silent
// link receives is lost.
func (p *Proxy) copy(l *link, to io.Writer, from io.Reader, seen func([]byte)) {
	defer l.close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-l.silent:
			continue
		default:
		}
		seen(buf[:n])
		var delay time.Duration
		p.set(func() { delay = p.delay })
		time.Sleep(delay)
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}
