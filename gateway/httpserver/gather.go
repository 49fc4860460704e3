package httpserver

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// gathering is a listener whose connections can hold back what is written for a
// moment. An answer that does not fit into the 4 KB which net/http puts together
// leaves it in two pieces, and each costs a call of the system, a packet, and
// often a wake-up of its client: the second was an eighth of all that a cached
// profile took.
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

// gatherer is a connection that holds back what is written between gather and
// the end of the answer. Of that it learns when its deadline is set: net/http
// does so after each answer. One goroutine at a time may write and set deadlines,
// which is how net/http has it; what is held when the connection is closed is lost.
type gatherer struct {
	net.Conn

	spare   *sync.Pool
	gathers bool
	held    *[]byte // nil: nothing
}

// mostHeld is how many bytes are held back. What is longer costs more than a
// write in any case.
const mostHeld = 32 << 10

// gather has the connection hold back what is written until the end of the answer.
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

// release sends what is held, and holds back nothing more.
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
