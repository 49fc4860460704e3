package httpserver

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// gathering is a listener whose connections can buffer the writes of a response. A
// response that does not fit into net/http's buffer of 4 KB is written in two pieces, each
// of which costs a system call, a packet, and often a wake-up of the client. The second
// one was an eighth of the cost of a cached profile.
type gathering struct {
	net.Listener

	spare sync.Pool // of *[]byte
}

// Accept implements [net.Listener].
func (l *gathering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatherer{Conn: c, spare: &l.spare}, nil
}

// gatherer is a connection that buffers what is written between gather and the end of the
// response, which it recognizes by the write deadline that net/http sets after each
// response. Only one goroutine at a time may write and set deadlines, as in net/http. What
// is buffered when the connection is closed is lost.
type gatherer struct {
	net.Conn

	spare   *sync.Pool
	gathers bool
	held    *[]byte // nil: nothing
}

// mostHeld is the maximum number of bytes buffered. The cost of a second write does not
// matter for longer responses.
const mostHeld = 32 << 10

// gather buffers what is written until the end of the response.
func (c *gatherer) gather() { c.gathers = true }

// Write implements [net.Conn].
func (c *gatherer) Write(p []byte) (int, error) {
	if !c.gathers {
		return c.Conn.Write(p)
	}
	if c.held == nil {
		if c.held, _ = c.spare.Get().(*[]byte); c.held == nil {
			c.held = new([]byte)
		}
	}
	if len(*c.held)+len(p) > mostHeld {
		if err := c.release(); err != nil {
			return 0, err
		}
		return c.Conn.Write(p)
	}
	*c.held = append(*c.held, p...)
	return len(p), nil
}

// release writes what is buffered and stops buffering.
func (c *gatherer) release() (err error) {
	c.gathers = false
	if c.held == nil {
		return nil
	}
	if len(*c.held) > 0 {
		_, err = c.Conn.Write(*c.held)
	}
	*c.held = (*c.held)[:0]
	c.spare.Put(c.held)
	c.held = nil
	return err
}

// SetWriteDeadline implements [net.Conn].
func (c *gatherer) SetWriteDeadline(t time.Time) error {
	if err := c.release(); err != nil {
		return err
	}
	return c.Conn.SetWriteDeadline(t)
}

type gathererKey struct{}

func withGatherer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, gathererKey{}, c)
}

// Gather lets the response to r leave in one write to the connection, when its
// handler returns. Call it only when the whole request has been read and the whole
// response is about to be written.
func Gather(r *http.Request) {
	if c, ok := r.Context().Value(gathererKey{}).(*gatherer); ok {
		c.gather()
	}
}
