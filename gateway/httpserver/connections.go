package httpserver

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a connection may be without use before it is closed to make room, or when the
// server stops.
const (
	silentTime    = 500 * time.Millisecond // after it was accepted, without a byte
	unfinishedMax = time.Second            // while the server stops, with half of a request's header
	pruneInterval = 100 * time.Millisecond
)

// The uses of a connection.
type use int

const (
	silent    use = iota // accepted, nothing was received
	idle                 // between requests
	receiving            // a request's header has begun
	active               // a request is answered, or the connection was hijacked
)

// A connections is a listener that limits how many connections are open. When there are
// that many, it makes room for a new one by closing the one that is idle for the longest
// time, or else the oldest that has been silent; if all are in use the new one waits. So
// connections that clients only keep do not hold up probes. At most one connection beyond
// the limit is accepted, to wait.
//
// A request that comes while its connection is being closed is lost, as with any server
// that closes idle connections; HTTP clients repeat those that are safe.
type connections struct {
	net.Listener
	limit int // 0: none

	mu      sync.Mutex
	open    map[*connection]struct{}
	changed chan struct{} // receives when there may be room; has a buffer of one
	closed  chan struct{}
	once    sync.Once
}

func limitConnections(ln net.Listener, limit int) *connections {
	return &connections{
		Listener: ln, limit: limit, open: map[*connection]struct{}{},
		changed: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

// Accept implements [net.Listener].
func (l *connections) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, of: l, since: time.Now()}
	for !l.add(c) {
		timer := time.NewTimer(silentTime / 4) // silent ones come of age
		select {
		case <-l.changed:
		case <-timer.C:
		case <-l.closed:
			timer.Stop()
			_ = conn.Close()
			return nil, net.ErrClosed
		}
		timer.Stop()
	}
	return c, nil
}

// Close implements [net.Listener]. Connections stay open.
func (l *connections) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// add reports whether there is room for c, if need be by closing another one.
func (l *connections) add(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit > 0 && len(l.open) >= l.limit {
		unused := l.leastUsed(time.Now())
		if unused == nil {
			return false
		}
		delete(l.open, unused)
		_ = unused.Conn.Close()
	}
	l.open[c] = struct{}{}
	return true
}

// leastUsed returns the connection that is to be closed first, or nil.
func (l *connections) leastUsed(now time.Time) (least *connection) {
	for c := range l.open {
		switch {
		case c.use != idle && (c.use != silent || now.Sub(c.since) < silentTime):
		case least == nil, c.use > least.use, c.use == least.use && c.since.Before(least.since):
			least = c
		}
	}
	return least
}

// prune closes what a server that stops need not wait for: connections without a request, and
// those whose clients have sent half of a header and do not go on.
func (l *connections) prune() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		age := time.Since(c.since)
		if c.use == silent && age >= silentTime || c.use == idle || c.use == receiving && age >= unfinishedMax {
			delete(l.open, c)
			_ = c.Conn.Close()
		}
	}
}

// follow is the ConnState hook of the server.
func (l *connections) follow(conn net.Conn, state http.ConnState) {
	c, ours := conn.(*connection)
	if !ours {
		return
	}
	switch state {
	case http.StateIdle:
		c.set(idle)
	case http.StateActive, http.StateHijacked:
		c.set(active)
	case http.StateNew, http.StateClosed: // known by Accept and Close
	}
}

func (l *connections) signal() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// A connection is one that is counted.
type connection struct {
	net.Conn
	of    *connections
	use   use       // guarded by of.mu
	since time.Time // when use began
}

func (c *connection) set(to use) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.use, c.since = to, time.Now()
	if to == idle {
		c.of.signal()
	}
}

// Read implements [net.Conn]. The server reports a request only when its header is complete.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.of.mu.Lock()
		defer c.of.mu.Unlock()
		if c.use == silent || c.use == idle {
			c.use, c.since = receiving, time.Now()
		}
	}
	return n, err
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	c.of.signal()
	return c.Conn.Close()
}
