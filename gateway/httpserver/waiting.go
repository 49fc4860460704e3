package httpserver

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"tributary/gateway/fault"
)

// A gate is the handler in front of a server's that holds requests on connections beyond the
// limit back until there is room for them. It comes after the header was read, by TLS or
// not, so that it knows probes, which pass.
type gate struct {
	open   *connections
	probes []string      // the request targets of requests that pass
	wait   time.Duration // the maximum
	log    *slog.Logger
	next   http.Handler
}

// connectionKey is that of the [connection] in the context of its requests.
type connectionKey struct{}

// withConnection is the ConnContext hook of the server.
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	c, _ := counted(conn)
	return context.WithValue(ctx, connectionKey{}, c)
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if c == nil || g.isProbe(r) || g.open.enter(r.Context(), c, g.wait) {
		g.next.ServeHTTP(w, r)
		return
	}
	if g.open.mayLog(time.Now()) {
		g.log.Warn("requests are refused: all connections are in use", "max_connections", g.open.limit)
	}
	h := w.Header()
	h.Set("Connection", "close")
	h.Set("Retry-After", "1")
	h.Set("X-Content-Type-Options", "nosniff")
	WriteProblem(w, r, Problem{Status: http.StatusServiceUnavailable, Code: fault.Overloaded.Code(), Detail: "all connections are in use"})
}

func (g *gate) isProbe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && slices.Contains(g.probes, r.RequestURI)
}

// enter reports whether a request on c may be served. Beyond the limit it waits for room,
// unless as many connections wait as may. It ends when ctx does, or after most.
func (l *connections) enter(ctx context.Context, c *connection, most time.Duration) bool {
	l.mu.Lock()
	admitted := c.waits(l)
	l.mu.Unlock()
	if admitted == nil {
		return !c.isBeyond()
	}
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	tick := time.NewTicker(silentTime / 4) // silent ones come of age
	defer tick.Stop()
	for {
		l.mu.Lock()
		l.admit()
		l.mu.Unlock()
		select {
		case <-admitted:
			return true
		case <-tick.C:
			continue
		case <-timeout.C:
		case <-ctx.Done():
		}
		return l.leave(c)
	}
}

// waits adds a request on c to those that wait, and returns the channel that is closed when c
// has room. It returns nil if the request need not wait, or may not.
func (c *connection) waits(l *connections) <-chan struct{} {
	switch {
	case !c.beyond:
		return nil
	case c.waiting == 0 && len(l.queue) >= l.mayWait():
		c.use, c.since = answered, time.Now()
		return nil
	case c.waiting == 0:
		l.queue = append(l.queue, c)
	}
	c.waiting++
	c.use = waiting
	return c.admitted
}

func (c *connection) isBeyond() bool {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	return c.beyond
}

// leave ends the wait of a request, and reports whether c has been admitted meanwhile.
func (l *connections) leave(c *connection) (admitted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.waiting--
	if c.beyond && c.waiting == 0 {
		l.queue = slices.DeleteFunc(l.queue, func(other *connection) bool { return other == c })
		c.use, c.since = answered, time.Now()
	}
	return !c.beyond
}

// admit takes those that wait within the limit for which there is room.
func (l *connections) admit() {
	for len(l.queue) > 0 && l.hasRoom() {
		c := l.queue[0]
		l.queue = l.queue[1:]
		if _, open := l.open[c]; !open {
			continue
		}
		c.beyond = false
		l.beyond--
		c.use, c.since = active, time.Now()
		close(c.admitted)
	}
}

// mayExceed returns how many connections may be beyond a limit.
func mayExceed(limit int) int { return min(maxBeyond, 16+limit/8) }

// mayWait returns how many of those beyond the limit may wait for room. The others are for
// those of which it is not known yet whether they are probes'.
func (l *connections) mayWait() int { return max(1, mayExceed(l.limit)*3/4) }

// mayLog reports whether a refusal is to be logged: once a second.
func (l *connections) mayLog(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.logged) < time.Second {
		return false
	}
	l.logged = now
	return true
}
