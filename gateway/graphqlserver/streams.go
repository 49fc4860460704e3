package graphqlserver

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

const (
	// streamWrite is how long a client may take to receive one event of a subscription.
	streamWrite = 10 * time.Second
	// resultWrite is how long it may take to receive the result of another operation, after
	// the end of that operation's time.
	resultWrite = 2 * time.Second
	// cutGrace is how long the operations of streams may go on when the gateway stops,
	// after the time of those that were begun last.
	cutGrace = 1500 * time.Millisecond
)

// Streams serves a server's schema over server-sent events (graphql-sse protocol,
// distinct connections mode) and WebSockets (graphql-transport-ws protocol). It is
// safe for concurrent use.
type Streams struct {
	server   *Server
	cfg      StreamConfig
	slots    chan struct{} // holds one for each that is open
	draining context.Context
	drain    context.CancelFunc
	cutoff   context.Context // ends when a stop waits no longer for the operations of streams
	cut      context.CancelFunc
	open     *prometheus.GaugeVec   // by transport
	events   *prometheus.CounterVec // by transport
	refused  prometheus.Counter
}

// The transports as metrics name them.
const (
	transportSSE = "sse"
	transportWS  = "websocket"
)

// NewStreams returns the streams of a server.
func NewStreams(server *Server, cfg StreamConfig, reg prometheus.Registerer) *Streams {
	s := &Streams{
		server: server, cfg: cfg, slots: make(chan struct{}, cfg.Max),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "graphql_streams_open", Help: "Open streams, by transport.",
		}, []string{"transport"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_stream_events_total", Help: "Results sent on streams, by transport: one for a query, any number for a subscription.",
		}, []string{"transport"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_streams_refused_total", Help: "Streams rejected because the limit was reached or the gateway is stopping."}),
	}
	s.draining, s.drain = context.WithCancel(context.Background())
	s.cutoff, s.cut = context.WithCancel(context.Background())
	context.AfterFunc(s.draining, func() { time.AfterFunc(cfg.Timeout+cutGrace, s.cut) })
	reg.MustRegister(s.open, s.events, s.refused)
	for _, transport := range []string{transportSSE, transportWS} {
		s.open.WithLabelValues(transport)
		s.events.WithLabelValues(transport)
	}
	return s
}

// Handler serves requests that ask for a stream and passes the others to next. It
// must wrap the middleware that limits the duration of requests, since streams
// have no such limit and bound each operation instead. It must be wrapped by the
// middleware that refuses other origins (see package browser), since browsers send
// no preflight request before they open a WebSocket.
func (s *Streams) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.cfg.Max == 0:
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			s.serve(w, r, transportWS, s.serveSocket)
		case wantsEvents(r.Header):
			s.serve(w, r, transportSSE, s.serveEvents)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serve serves a stream unless the limit of open streams is reached.
func (s *Streams) serve(w http.ResponseWriter, r *http.Request, transport string, stream http.HandlerFunc) {
	if !s.enter() {
		s.refused.Inc()
		w.Header().Set("Retry-After", admission.RetryAfter)
		s.server.write(w, r, cmp.Or(negotiate(r.Header), mediaJSON), http.StatusServiceUnavailable,
			refuseOne(fault.Overloaded, "too many open streams"))
		return
	}
	s.open.WithLabelValues(transport).Inc()
	defer func() {
		s.open.WithLabelValues(transport).Dec()
		<-s.slots
	}()
	stream(w, r)
}

func (s *Streams) enter() bool {
	if s.draining.Err() != nil {
		return false
	}
	select {
	case s.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// Drain ends all subscriptions, lets queries finish within their time, closes the streams
// and refuses new ones. It does not wait for this.
func (s *Streams) Drain() { s.drain() }

// Close drains the streams and waits until all are closed. Soon after the time of a query
// those are cut off whose clients do not take their results.
func (s *Streams) Close() {
	s.drain()
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	for range cap(s.slots) { // for who closes again
		<-s.slots
	}
	s.cut()
}

// run executes an operation of a stream, with a timeout unless it is a subscription: then
// only what comes before its first event has to be done in time.
func (s *Streams) run(ctx context.Context, req Request, timeout time.Duration, begin func(), event func(*Result)) (result *Result) {
	defer func() {
		if v := recover(); v != nil {
			result = s.server.broken(ctx, v)
		}
	}()
	req.listener = &listener{begin: begin, event: event, draining: s.draining, gone: ctx}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return s.server.serve(ctx, req)
}
