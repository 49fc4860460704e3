package httpserver

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// How long a connection may be without use before it is closed to make room, or when the
// server stops.
const (
	silentTime    = 500 * time.Millisecond // after it was accepted, without a byte
	unfinishedMax = time.Second            // while the server stops, with half of a request's header
	pruneInterval = 100 * time.Millisecond
	maxWaiting    = 64 // connections beyond the limit that are accepted, to find probes among them
)

// The uses of a connection.
type use int

const (
	silent    use = iota // accepted, nothing was received
	idle                 // between requests
	receiving            // a request's header has begun
	waiting              // the same, beyond the limit: it is not read before there is room
	active               // a request is answered, or the connection was hijacked
)

// A connections is a listener that limits how many connections are open. When there are
// that many, it makes room for a new one by closing the one that is idle for the longest
// time, or else the oldest that has been silent. If all are in use the new one is accepted
// beyond the limit: a probe is answered at once, and other requests wait, in order, until
// there is room. At most an eighth of the limit and maxWaiting are beyond it; then new ones
// wait to be accepted.
//
// A request that comes while its connection is being closed is lost, as with any server
// that closes idle connections; HTTP clients repeat those that are safe.
type connections struct {
	net.Listener
	limit  int      // 0: none
	probes []string // the paths of requests that do not wait

	mu      sync.Mutex
	open    map[*connection]struct{}
	beyond  int           // how many of them are beyond the limit
	queue   []*connection // those that wait, the oldest first
	changed chan struct{} // receives when there may be room; has a buffer of one
	closed  chan struct{}
	once    sync.Once
}

func limitConnections(ln net.Listener, limit int, probes ...string) *connections {
	return &connections{
		Listener: ln, limit: limit, probes: probes, open: map[*connection]struct{}{},
		changed: make(chan struct{}, 1), closed: make(chan struct{}),
	}
}

// Accept implements [net.Listener].
func (l *connections) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, of: l, since: time.Now(), admitted: make(chan struct{}), closed: make(chan struct{})}
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
	case l.beyond < min(maxWaiting, 1+l.limit/8), l.closeUnused(true):
		c.beyond = true
		l.beyond++
	default:
		return false
	}
	l.open[c] = struct{}{}
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
	close(c.closed)
	if c.beyond {
		l.beyond--
	}
}

// admit takes those that wait within the limit for which there is room.
func (l *connections) admit() {
	for len(l.queue) > 0 {
		c := l.queue[0]
		if _, open := l.open[c]; open {
			if !l.hasRoom() {
				return
			}
			c.beyond = false
			l.beyond--
			c.use, c.since = receiving, time.Now()
			close(c.admitted)
		}
		l.queue = l.queue[1:]
	}
}

// wait blocks until there is room for a connection beyond the limit. It returns early if that
// is closed.
func (l *connections) wait(c *connection) {
	l.mu.Lock()
	c.use = waiting
	l.queue = append(l.queue, c)
	l.mu.Unlock()
	tick := time.NewTicker(silentTime / 4) // silent ones come of age
	defer tick.Stop()
	for {
		l.mu.Lock()
		l.admit()
		l.mu.Unlock()
		select {
		case <-c.admitted:
			return
		case <-c.closed:
			return
		case <-tick.C:
		}
	}
}

// isProbe reports whether the beginning of a request is that of a probe.
func (l *connections) isProbe(header []byte) bool {
	line, _, complete := strings.Cut(string(header[:min(len(header), 256)]), "\r\n")
	words := strings.Fields(line)
	return complete && len(words) == 3 && (words[0] == http.MethodGet || words[0] == http.MethodHead) && slices.Contains(l.probes, words[1])
}

// leastUsed returns the connection that is to be closed first, or nil.
func (l *connections) leastUsed(beyond bool, now time.Time) (least *connection) {
	for c := range l.open {
		switch {
		case c.beyond != beyond:
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
	admitted chan struct{} // closed when one that waited may be read
	closed   chan struct{}

	// The following are guarded by of.mu.
	use    use
	since  time.Time // when use began
	beyond bool      // the limit

	// multiplexed is whether requests are sent side by side, by HTTP/2: only the server knows
	// when one begins, for not all that is received belongs to one.
	multiplexed bool
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
	if c.beyond { // a probe, which was answered
		c.of.remove(c)
		_ = c.Conn.Close()
	}
	c.of.admit()
	c.of.signal()
}

// Read implements [net.Conn]. The server reports a request only when its header is complete.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.begins(p[:n]) && !c.of.isProbe(p[:n]) {
		c.of.wait(c)
	}
	return n, err
}

// begins notes that something was received, and reports whether it is the beginning of a
// request beyond the limit.
func (c *connection) begins(received []byte) bool {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.use != silent && (c.use != idle || c.multiplexed) {
		return false
	}
	c.multiplexed = c.use == silent && bytes.HasPrefix(received, []byte(preface))
	c.use, c.since = receiving, time.Now()
	return c.beyond
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
