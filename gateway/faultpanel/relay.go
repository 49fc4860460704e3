package faultpanel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// A Relay is a TCP proxy that can be cut. It is safe for concurrent use.
type Relay struct {
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

// NewRelay listens on a free port of 127.0.0.1 and forwards connections to the
// TCP address to.
func NewRelay(ctx context.Context, to string) (*Relay, error) {
	var listening net.ListenConfig
	ln, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return newRelay(ln, to), nil
}

func newRelay(ln net.Listener, to string) *Relay {
	r := &Relay{to: to, ln: ln, open: map[net.Conn]struct{}{}}
	r.work.Go(r.accept)
	return r
}

// Addr returns the address that the relay listens on.
func (r *Relay) Addr() string { return r.ln.Addr().String() }

// IsCut reports whether the relay is cut.
func (r *Relay) IsCut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cut
}

// Cut closes all connections and refuses new ones, or accepts them again.
func (r *Relay) Cut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	if cut {
		r.hangUp()
	}
}

// Close closes the listener and all connections.
func (r *Relay) Close() error {
	err := r.ln.Close()
	r.Cut(true)
	r.work.Wait()
	return err
}

func (r *Relay) hangUp() {
	for conn := range r.open {
		_ = conn.Close()
	}
	clear(r.open)
}

func (r *Relay) accept() {
	for {
		conn, err := r.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too few file descriptors: the connection stays in the backlog
			time.Sleep(acceptPause)
			continue
		}
		r.work.Go(func() { r.pass(conn) })
	}
}

func (r *Relay) pass(from net.Conn) {
	defer func() { _ = from.Close() }()
	if !r.keep(from) {
		return
	}
	to, err := (&net.Dialer{Timeout: dialTimeout}).Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	if !r.keep(to) {
		return
	}
	defer r.drop(from, to)
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

// keep notes a connection that Cut has to end; false when that is too late.
func (r *Relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.cut {
		r.open[conn] = struct{}{}
	}
	return !r.cut
}

func (r *Relay) drop(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		delete(r.open, conn)
	}
}
