package upstream

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A pool sends requests by net/http over connections that it replaces:
//
//   - When they are old, so that changes of DNS are followed, which net/http looks up for
//     new connections only.
//   - When they are silent: an attempt had all its time and no response, and none has come over
//     any connection in the meantime. Others of the same age may be as dead, and each of them
//     would cost an attempt. A caller in a hurry says nothing about connections.
//
// It replaces the transport as a whole. Requests under way end on the old one. It relies on
// CloseIdleConnections, which also closes the connections of HTTP/1.1 that become idle
// later as long as no request begins on the transport. Those of HTTP/2 that are in use close
// after IdleConnTimeout. A request that ends early closes its connection of HTTP/1.1;
// that of HTTP/2, which others share, is found to be dead by pings.
type pool struct {
	cfg     Config
	to      connection
	current atomic.Pointer[generation]
}

// A generation is a transport with the connections that it has made.
type generation struct {
	*http.Transport
	born     time.Time
	answered atomic.Int64 // the age at which the latest response began
}

func newPool(cfg Config, to connection) *pool {
	p := &pool{cfg: cfg, to: to}
	p.current.Store(p.fresh())
	return p
}

// RoundTrip implements [http.RoundTripper].
func (p *pool) RoundTrip(r *http.Request) (*http.Response, error) {
	g, start := p.current.Load(), time.Now()
	if p.cfg.ConnectionAge > 0 && start.Sub(g.born) >= p.cfg.ConnectionAge {
		g = p.replace(g)
	}
	resp, err := g.RoundTrip(r)
	switch {
	case err == nil:
		g.answered.Store(int64(time.Since(g.born)))
	case timedOut(r.Context()) && g.answered.Load() < int64(start.Sub(g.born)):
		p.replace(g)
	}
	return resp, err
}

// replace retires a generation and returns its successor.
func (p *pool) replace(old *generation) *generation {
	if !p.current.CompareAndSwap(old, p.fresh()) {
		return p.current.Load() // another request was faster
	}
	old.CloseIdleConnections()
	return p.current.Load()
}

func (p *pool) close() { p.current.Load().CloseIdleConnections() }

func (p *pool) fresh() *generation {
	return &generation{born: time.Now(), Transport: &http.Transport{
		Proxy:           p.to.proxy,
		TLSClientConfig: p.to.tls.Clone(),
		// net/http continues a dial after the request that started it has ended,
		// so it needs a timeout of its own.
		DialContext:         (&net.Dialer{Timeout: p.cfg.Timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: p.cfg.Timeout,
		MaxIdleConns:        0, // limited per host instead
		MaxIdleConnsPerHost: max(64, p.cfg.Concurrency),
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
		HTTP2:               pings(p.cfg.Timeout),
	}}
}

// Lower limits of the times of pings: a pause of a process is no death, and servers may take
// many pings for an attack.
const (
	minPingInterval = time.Second
	minPingTimeout  = 500 * time.Millisecond
)

// pings returns the health check of connections of HTTP/2: one that has been silent for half
// of an attempt's time is asked for a sign of life, and closed without one, before attempts on
// it time out. net/http does the same for connections without requests.
func pings(attempt time.Duration) *http.HTTP2Config {
	return &http.HTTP2Config{
		SendPingTimeout: max(attempt/2, minPingInterval),
		PingTimeout:     max(attempt/4, minPingTimeout),
	}
}
