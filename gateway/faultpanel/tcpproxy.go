package faultpanel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// A TCPProxy is a TCP proxy that can be cut. It is safe for concurrent use.
type TCPProxy struct {
	to string
	ln net.Listener

	mu   sync.Mutex
	cut  bool
	open map[net.Conn]struct{}
	work sync.WaitGroup
}

const (
	dialTimeout = 2 * time.Second
	acceptPause = 10 * time.Millisecond // after a failure
)

// NewTCPProxy listens on a free port of 127.0.0.1 and forwards connections to the
// TCP address to.
func NewTCPProxy(ctx context.Context, to string) (*TCPProxy, error) {
	var listening net.ListenConfig
	ln, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return newTCPProxy(ln, to), nil
}

func newTCPProxy(ln net.Listener, to string) *TCPProxy {
	r := &TCPProxy{to: to, ln: ln, open: map[net.Conn]struct{}{}}
	r.work.Go(r.accept)
	return r
}

// Addr returns the address that the proxy listens on.
func (r *TCPProxy) Addr() string { return r.ln.Addr().String() }

// IsCut reports whether the proxy is cut.
func (r *TCPProxy) IsCut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cut
}

// Cut closes all connections and refuses new ones, or accepts them again.
func (r *TCPProxy) Cut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	if cut {
		r.hangUp()
	}
}

// Close closes the listener and all connections.
func (r *TCPProxy) Close() error {
	err := r.ln.Close()
	r.Cut(true)
	r.work.Wait()
	return err
}

func (r *TCPProxy) hangUp() {
	for conn := range r.open {
		_ = conn.Close()
	}
	clear(r.open)
}

func (r *TCPProxy) accept() {
	for {
		conn, err := r.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too few file descriptors: the connection stays in the backlog
			time.Sleep(acceptPause)
			continue
		}
		r.work.Go(func() { r.forward(conn) })
	}
}

func (r *TCPProxy) forward(from net.Conn) {
	defer func() { _ = from.Close() }()
	if !r.track(from) {
		return
	}
	to, err := (&net.Dialer{Timeout: dialTimeout}).Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	if !r.track(to) {
		return
	}
	defer r.untrack(from, to)
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{to, from}, {from, to}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close() // either end ends both
			_ = way[1].Close()
		})
	}
	both.Wait()
}

// track notes a connection that Cut has to end; false when that is too late.
func (r *TCPProxy) track(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.cut {
		r.open[conn] = struct{}{}
	}
	return !r.cut
}

func (r *TCPProxy) untrack(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		delete(r.open, conn)
	}
}
