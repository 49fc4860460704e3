package httpserver

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"tributary/gateway/telemetry"
)

// idleTimeout is how long an idle connection stays open.
const idleTimeout = 120 * time.Second

// Server is an HTTP server with graceful shutdown. Handler and Log are required.
type Server struct {
	Handler http.Handler
	Log     *slog.Logger

	Limits         Limits
	WriteTimeout   time.Duration // from the end of a request's header to that of its answer; 0: none
	MaxConnections int           // open at once, see connections; 0: any number
	HTTP2          HTTP2
	Certificates   *Certificates // nil: no TLS
	Probes         []string      // targets of requests that do not wait when there are that many

	Ready      *Readiness    // turned to no when the stop begins; may be nil
	DrainDelay time.Duration // how long requests are still accepted then, for load balancers to notice
	Grace      time.Duration // how long accepted requests have after that, before they are cut off; 0: none
}

// Serve answers requests on ln until ctx ends, and then shuts down: Ready turns
// not ready; after DrainDelay no new connections are accepted; Serve returns when
// every accepted request has been answered, or after Grace. Requests that have not been
// answered by then are cut off: their connections are closed, which the log says. That is
// not an error, since clients that do not read their answers can hold up any server.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	var inFlight atomic.Int64
	open := limitConnections(ln, s.MaxConnections)
	timeout := cmp.Or(s.Limits.HeaderTimeout, headerTimeout)
	srv := &http.Server{
		Handler:           s.partWhileDraining(ctx, &inFlight, &gate{open, s.Probes, timeout, s.Log, s.Handler}),
		ReadHeaderTimeout: timeout,
		ReadTimeout:       cmp.Or(s.Limits.ReadTimeout, readTimeout),
		WriteTimeout:      s.WriteTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    cmp.Or(s.Limits.HeaderBytes, headerBytes),
		ErrorLog:          telemetry.NewStdLogger(s.Log),

		DisableGeneralOptionsHandler: true, // it answers OPTIONS * past all that is ours
	}
	s.HTTP2.apply(srv)
	srv.ConnState, srv.ConnContext = open.follow, withConnection
	failed := make(chan error, 1)
	go func() { failed <- s.serve(srv, open) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if s.Ready != nil {
		s.Ready.Drain()
	}
	s.Log.Info("draining", "addr", ln.Addr().String(), "in_flight", inFlight.Load())
	select {
	case err := <-failed:
		return err
	case <-time.After(s.DrainDelay):
	}
	if err := s.shutdown(ctx, srv, open); err != nil {
		s.Log.Warn("requests were cut off: they took longer than the stop allows", "grace", s.Grace.String(), "error", err.Error())
		_ = srv.Close()
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		return served
	}
	return nil
}

func (s *Server) serve(srv *http.Server, ln net.Listener) error {
	if s.Certificates == nil {
		return srv.Serve(ln)
	}
	srv.TLSConfig = s.Certificates.config()
	return srv.ServeTLS(ln, "", "")
}

// shutdown waits for the requests that were accepted, for Grace at most. Connections without
// one, or with half of one, end sooner.
func (s *Server) shutdown(ctx context.Context, srv *http.Server, open *connections) error {
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Grace)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- srv.Shutdown(stop) }()
	tick := time.NewTicker(pruneInterval)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			open.prune()
		}
	}
}

// partWhileDraining sets Connection: close on responses once ctx has ended, so that
// clients reconnect, to another process, and no request is in transit when the
// connections are closed. It counts the requests in flight.
func (s *Server) partWhileDraining(ctx context.Context, inFlight *atomic.Int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inFlight.Add(1)
		defer inFlight.Add(-1)
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
