package stream

import (
	"context"
	"net/http"
	"sync"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/httpserver"
)

// serveEvents answers one operation with server-sent events, in the distinct connections
// mode of graphql-sse: next for each result, complete at the end. An operation that cannot be
// executed has its errors in a next event, because clients repeat a request that is answered
// with a status; that is for requests which may be repeated, and for those that are no
// request of GraphQL. When the gateway stops, the stream ends without complete, so that
// clients reconnect.
func (s *Streams) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	media := httptransport.ParseAccept(r.Header).MediaOr(httptransport.MediaGraphQL)
	lease := s.engine.Lease()
	defer lease.Release()
	timeout := httpserver.Patience(r.Header, s.timeout)
	end := time.Now().Add(timeout)
	req, bad := s.readEvents(w, r, timeout, &lease)
	if bad != nil {
		s.http.WriteBad(w, r, media, bad)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.cutoff, cancel)()
	e := &eventStream{w: w, control: http.NewResponseController(w), gone: cancel}
	_ = e.control.SetReadDeadline(time.Time{}) // of the request, which has been read
	stop := e.keepAlive(ctx, s.cfg.KeepAlive)
	defer stop()
	send := func(result *engine.Result) {
		s.events.WithLabelValues(transportSSE).Inc()
		e.sendResult(result)
	}
	result := s.execute(ctx, req.Request, time.Until(end), e.begin, send)
	stop()
	switch {
	case result.Data == nil && !e.begun && !asEvent(result):
		s.http.WriteResult(w, r, media, result)
		return
	case !result.Sent:
		httptransport.SetSeen(w.Header(), result)
		e.until = end.Add(resultWriteTimeout)
		e.begin()
		send(result)
	case s.draining.Err() != nil:
		return
	}
	e.send(engine.Chunks{[]byte("event: complete\ndata: \n\n")})
}

// asEvent reports whether an operation that was refused is answered by an event: if it is the
// document or its variables that are at fault.
func asEvent(r *engine.Result) bool {
	code := httptransport.Status(httptransport.MediaGraphQL, r)
	return code == http.StatusBadRequest || code == http.StatusUnprocessableEntity
}

// readEvents reads and decodes the request of an event stream in the time that it has if its
// operation turns out to be no subscription.
func (s *Streams) readEvents(w http.ResponseWriter, r *http.Request, timeout time.Duration, lease *admission.BodyLease) (*httptransport.Request, *httptransport.BadRequest) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	raw, bad := s.http.Read(w, r.WithContext(ctx), lease)
	if bad != nil {
		return nil, bad
	}
	req, bad := s.http.Decode(ctx, raw, lease)
	if bad == nil {
		req.Lease = lease
	}
	return req, bad
}

// eventStream writes events. It is safe for concurrent use.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	gone    func() // called when the client takes no more

	until time.Time // when all must have been received; zero: each event has its own time

	mu    sync.Mutex
	begun bool
}

// begin sends the response header.
func (e *eventStream) begin() {
	h := e.w.Header()
	h.Set("Content-Type", httptransport.MediaEvents+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // for proxies that collect
	e.mu.Lock()
	e.begun = true
	e.mu.Unlock()
	e.send(engine.Chunks{[]byte(":\n\n")})
}

func (e *eventStream) sendResult(r *engine.Result) {
	event := append(engine.Chunks{[]byte("event: next\ndata: ")}, r.Response().Line()...)
	e.send(append(event, []byte("\n\n")))
}

// send sends an event or a comment.
func (e *eventStream) send(p engine.Chunks) {
	e.mu.Lock()
	defer e.mu.Unlock()
	until := e.until
	if until.IsZero() {
		until = time.Now().Add(eventWriteTimeout)
	}
	_ = e.control.SetWriteDeadline(until)
	err := p.Write(e.w)
	if err == nil {
		err = e.control.Flush()
	}
	if err != nil {
		e.gone()
	}
}

// keepAlive sends a comment at intervals once the stream has begun, until stop is called.
// stop may be called more than once and waits for the last comment.
func (e *eventStream) keepAlive(ctx context.Context, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			e.mu.Lock()
			begun := e.begun
			e.mu.Unlock()
			if begun {
				e.send(engine.Chunks{[]byte(":\n\n")})
			}
		}
	})
	return func() { cancel(); done.Wait() }
}
