package graphqlserver

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// StreamConfig is what an operator may set about connections on which answers
// come one after the other. The zero value refuses them.
type StreamConfig struct {
	Max         int           `name:"graphql-max-streams" default:"1000" help:"How many streams (server-sent events, WebSockets) may be open at once. 0: there are none."`
	Operations  int           `name:"graphql-stream-operations" default:"100" help:"How many operations may be under way on one WebSocket."`
	InitTimeout time.Duration `name:"graphql-stream-init-timeout" default:"3s" help:"How long a WebSocket may take to send connection_init."`
	KeepAlive   time.Duration `name:"graphql-stream-keep-alive" default:"12s" help:"How often a silent stream is shown to be alive. A WebSocket that does not answer in this time is closed."`
	Idle        time.Duration `name:"graphql-stream-idle" default:"5m" help:"How long a WebSocket may be open without an operation."`

	Timeout time.Duration `kong:"-"` // of queries and mutations on a stream
}

// Validate reports the first setting that cannot be used.
func (c StreamConfig) Validate() error {
	switch {
	case c.Max < 0:
		return errors.New("graphql-max-streams must not be negative")
	case c.Max == 0:
		return nil
	case c.Operations <= 0:
		return errors.New("graphql-stream-operations must be more than 0")
	case c.InitTimeout <= 0:
		return errors.New("graphql-stream-init-timeout must be more than 0")
	case c.KeepAlive <= 0:
		return errors.New("graphql-stream-keep-alive must be more than 0")
	case c.Idle <= 0:
		return errors.New("graphql-stream-idle must be more than 0")
	}
	return nil
}

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
		serve, transport := s.serveEvents, transportSSE
		switch {
		case s.cfg.Max == 0:
			next.ServeHTTP(w, r)
			return
		case r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			serve, transport = s.serveSocket, transportWS
		case !wantsEvents(r.Header):
			next.ServeHTTP(w, r)
			return
		}
		if s.draining.Err() == nil {
			select {
			case s.slots <- struct{}{}:
				s.open.WithLabelValues(transport).Inc()
				defer func() {
					s.open.WithLabelValues(transport).Dec()
					<-s.slots
				}()
				serve(w, r)
				return
			default:
			}
		}
		s.refused.Inc()
		w.Header().Set("Retry-After", admission.RetryAfter)
		s.server.write(w, r, cmp.Or(negotiate(r.Header), mediaJSON), http.StatusServiceUnavailable,
			refuseOne(fault.Overloaded, "as many streams as may be are open"))
	})
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

// run executes an operation of a stream.
func (s *Streams) run(ctx context.Context, req Request, begin func(), event func(*Result)) (result *Result) {
	defer func() {
		if v := recover(); v != nil {
			result = s.server.broken(ctx, v)
		}
	}()
	req.listener = &listener{begin: begin, event: event, draining: s.draining, timeout: s.cfg.Timeout}
	return s.server.serve(ctx, req)
}
