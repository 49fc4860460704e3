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

// streamWrite is how long a client may take to take one event.
const streamWrite = 10 * time.Second

// Streams are the connections of a server on which answers come one after the
// other: server-sent events (graphql-sse, distinct connections mode) and
// WebSockets (graphql-transport-ws). It is safe for concurrent use.
type Streams struct {
	server   *Server
	cfg      StreamConfig
	slots    chan struct{} // holds one for each that is open
	draining context.Context
	drain    context.CancelFunc
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
			Name: "graphql_streams_open", Help: "Streams that are open now, by transport.",
		}, []string{"transport"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_stream_events_total", Help: "Results sent on streams, by transport: one for a query, any number for a subscription.",
		}, []string{"transport"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_streams_refused_total", Help: "Streams refused because as many as may be were open, or because the gateway stops."}),
	}
	s.draining, s.drain = context.WithCancel(context.Background())
	reg.MustRegister(s.open, s.events, s.refused)
	for _, transport := range []string{transportSSE, transportWS} {
		s.open.WithLabelValues(transport)
		s.events.WithLabelValues(transport)
	}
	return s
}

// Handler serves requests that ask for a stream and leaves the others to next.
// It belongs outside of what bounds the time of requests: streams have none,
// and bound what is done on them. It must stand within what refuses pages of
// other origins (see package browser): browsers ask nobody before they open a
// WebSocket.
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

// serve serves a stream if there may be one more.
func (s *Streams) serve(w http.ResponseWriter, r *http.Request, transport string, stream http.HandlerFunc) {
	if !s.enter() {
		s.refused.Inc()
		w.Header().Set("Retry-After", admission.RetryAfter)
		s.server.write(w, r, cmp.Or(negotiate(r.Header), mediaJSON), http.StatusServiceUnavailable,
			refuseOne(fault.Overloaded, "as many streams as may be are open"))
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

// Drain ends all subscriptions, lets queries come to their end, closes the
// streams and opens no more. It does not wait.
func (s *Streams) Drain() { s.drain() }

// Close is Drain, and returns when all streams are closed.
func (s *Streams) Close() {
	s.drain()
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	for range cap(s.slots) { // for who closes again
		<-s.slots
	}
}

// run executes an operation of a stream, in so much time if it is no subscription.
func (s *Streams) run(ctx context.Context, req Request, timeout time.Duration, begin func(), event func(*Result)) (result *Result) {
	defer func() {
		if v := recover(); v != nil {
			result = s.server.broken(ctx, v)
		}
	}()
	req.listener = &listener{begin: begin, event: event, draining: s.draining, timeout: timeout}
	return s.server.serve(ctx, req)
}
