package httpserver

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long a connection may be without use before it is closed to make room, or when the
// server stops.
const (
	silentTime    = 500 * time.Millisecond // after it was accepted, without a byte
	flushTime     = 50 * time.Millisecond  // after its last request ended, by HTTP/2
	unfinishedMax = time.Second            // while the server stops, with half of a request's header
	pruneInterval = 100 * time.Millisecond
	maxBeyond     = 64 // connections beyond the limit that are accepted, to find probes among them
)

// The uses of a connection.
type use int

const (
	silent    use = iota // accepted, nothing was received
	idle                 // between requests
	receiving            // a request's header has begun
	waiting              // beyond the limit, with a request that waits for room
	answered             // beyond the limit, with no request but one that was refused
	active               // a request is answered, or the connection was hijacked
)

// A connections is a listener that limits how many connections are open. When there are
// that many, it makes room for a new one by closing the one that is idle for the longest
// time, or else the oldest that has been silent. If all are in use the new one is accepted
// beyond the limit: a probe is answered at once, and other requests wait, in order, until
// there is room (see gate). At most 16 and an eighth of the limit, and maxBeyond, are beyond it, and
// of these three quarters may wait. Then a new one takes the place of the oldest that neither
// waits nor is a probe's, or waits to be accepted until there is one.
//
// A request that comes while its connection is being closed is lost, as with any server
// that closes idle connections; HTTP clients repeat those that are safe.
type connections struct {
	net.Listener
	limit int // 0: none

	mu      sync.Mutex
	open    map[*connection]struct{}
	beyond  int           // how many of them are beyond the limit
	queue   []*connection // those that wait, the oldest first
	logged  time.Time     // when a refusal was logged last
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
	c := &connection{Conn: conn, of: l, admitted: make(chan struct{})}
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

// add reports whether c is open from now on: within the limit, if need be by closing another
// one, or beyond it.
func (l *connections) add(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.hasRoom():
	case l.beyond < mayExceed(l.limit), l.closeUnused(true):
		c.beyond = true
		l.beyond++
	default:
		return false
	}
	l.open[c] = struct{}{}
	c.since = time.Now() // it is not read earlier
	return true
}

// hasRoom reports whether there is room for one more, if need be by closing another one.
func (l *connections) hasRoom() bool {
	return l.limit == 0 || len(l.open)-l.beyond < l.limit || l.closeUnused(false)
}

// closeUnused closes the connection that is used least of those beyond the limit, or of the
// others, and reports whether there is one.
func (l *connections) closeUnused(beyond bool) bool {
	unused := l.leastUsed(beyond, time.Now())
	if unused == nil {
		return false
	}
	l.remove(unused)
	_ = unused.Conn.Close()
	return true
}

// remove forgets a connection that is or will be closed.
func (l *connections) remove(c *connection) {
	if _, open := l.open[c]; !open {
		return
	}
	delete(l.open, c)
	if c.beyond {
		l.beyond--
	}
}

// leastUsed returns the connection that is to be closed first, or nil.
func (l *connections) leastUsed(beyond bool, now time.Time) (least *connection) {
	for c := range l.open {
		switch {
		case c.beyond != beyond:
		case !c.mayClose(now):
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
		now := time.Now()
		age := now.Sub(c.since)
		if c.use == silent && age >= silentTime || c.isIdle(now) || c.use == receiving && age >= unfinishedMax {
			l.remove(c)
			_ = c.Conn.Close()
		}
	}
	l.admit()
}

// follow is the ConnState hook of the server.
func (l *connections) follow(conn net.Conn, state http.ConnState) {
	c, multiplexed := counted(conn)
	if c == nil {
		return
	}
	if multiplexed {
		c.multiplex()
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
	of       *connections
	admitted chan struct{} // closed when one that waited has room

	// The following are guarded by of.mu.
	use     use
	since   time.Time // when use began
	beyond  bool      // the limit
	waiting int       // the number of requests that wait

	// multiplexed is whether requests are sent side by side, by HTTP/2: only the server knows
	// when one begins, for not all that is received belongs to one.
	multiplexed bool
}

// mayClose reports whether c may be closed to make room: it is idle, or has been silent for
// silentTime; beyond the limit, also if for that time it has had half of a request's header,
// or no request that is to be answered.
func (c *connection) mayClose(now time.Time) bool {
	switch c.use {
	case idle:
		return c.isIdle(now)
	case silent:
		return now.Sub(c.since) >= silentTime
	case receiving, answered:
		return c.beyond && now.Sub(c.since) >= silentTime
	case waiting, active:
	}
	return false
}

// isIdle reports whether c is between requests. HTTP/2 is reported to be before the end of an
// answer was sent.
func (c *connection) isIdle(now time.Time) bool {
	return c.use == idle && (!c.multiplexed || now.Sub(c.since) >= flushTime)
}

func (c *connection) multiplex() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.multiplexed = true
}

func (c *connection) set(to use) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.use, c.since = to, time.Now()
	if to != idle {
		return
	}
	switch {
	case !c.beyond:
	case c.multiplexed: // HTTP/2 is idle before its first request, and before its answer was sent
		c.use = answered
	default: // a probe, which was answered
		c.of.remove(c)
		_ = c.Conn.Close()
	}
	c.of.admit()
	c.of.signal()
}

// Read implements [net.Conn]. The server reports a request only when its header is complete.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.begins(p[:n])
	}
	return n, err
}

// begins notes that something was received, which may be the beginning of a request.
func (c *connection) begins(received []byte) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.use != silent && (c.use != idle || c.multiplexed) {
		return
	}
	c.multiplexed = c.use == silent && bytes.HasPrefix(received, []byte(preface))
	c.use, c.since = receiving, time.Now()
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	c.of.mu.Lock()
	c.of.remove(c)
	c.of.admit()
	c.of.mu.Unlock()
	c.of.signal()
	return c.Conn.Close()
}
