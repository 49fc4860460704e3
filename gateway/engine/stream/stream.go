// Package stream serves GraphQL over server-sent events and WebSockets.
package stream

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
)

const (
	// eventWriteTimeout is how long a client may take to receive one event of a subscription.
	eventWriteTimeout = 10 * time.Second
	// resultWriteTimeout is how long it may take to receive the result of another operation, after
	// the end of that operation's time.
	resultWriteTimeout = 2 * time.Second
	// cutGrace is how long the operations of streams may go on when the gateway stops,
	// after the time of those that were begun last.
	cutGrace = 1500 * time.Millisecond
)

// Streams serves the operations of an engine over server-sent events (graphql-sse protocol,
// distinct connections mode) and WebSockets (graphql-transport-ws protocol). It is
// safe for concurrent use.
type Streams struct {
	engine   *engine.Engine
	http     *httptransport.Handler
	cfg      Config
	timeout  time.Duration // of queries and mutations
	signIn   SignIn
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

// Deps has what streams work with.
type Deps struct {
	Engine     *engine.Engine
	HTTP       *httptransport.Handler // reads the requests of event streams, and refuses them
	Timeout    time.Duration          // of queries and mutations on a stream
	SignIn     SignIn                 // nil: WebSockets belong to who opened them
	Registerer prometheus.Registerer
}

// New returns the streams of an engine.
func New(cfg Config, deps Deps) *Streams {
	s := &Streams{
		engine: deps.Engine, http: deps.HTTP, cfg: cfg, timeout: deps.Timeout, signIn: deps.SignIn, slots: make(chan struct{}, cfg.Max),
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
	context.AfterFunc(s.draining, func() { time.AfterFunc(deps.Timeout+cutGrace, s.cut) })
	deps.Registerer.MustRegister(s.open, s.events, s.refused)
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
		case httptransport.AcceptsEvents(r.Header):
			s.serve(w, r, transportSSE, s.serveEvents)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serve serves a stream unless the limit of open streams is reached.
func (s *Streams) serve(w http.ResponseWriter, r *http.Request, transport string, stream http.HandlerFunc) {
	if !s.acquire() {
		s.refused.Inc()
		httptransport.WriteOverload(w, r, "too many open streams")
		return
	}
	s.open.WithLabelValues(transport).Inc()
	defer func() {
		s.open.WithLabelValues(transport).Dec()
		<-s.slots
	}()
	stream(w, r)
}

// acquire takes a slot, which is given back when the stream has ended.
func (s *Streams) acquire() bool {
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

// execute executes an operation of a stream, with a timeout unless it is a subscription: then
// only what comes before its first event has to be done in time.
func (s *Streams) execute(ctx context.Context, req engine.Request, timeout time.Duration, begin func(), event func(*engine.Result)) (result *engine.Result) {
	defer func() {
		if v := recover(); v != nil {
			result = s.engine.Panicked(ctx, v)
		}
	}()
	req.Listener = &engine.Listener{Begin: begin, Event: event, Draining: s.draining, Gone: ctx}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return s.engine.Execute(ctx, req)
}
