package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tributary/gateway/admin"
	"tributary/gateway/browser"
	"tributary/gateway/compress"
	"tributary/gateway/entitycache"
	"tributary/gateway/httpserver"
)

// listeners are those of one gateway, opened before anything is started.
type listeners struct {
	clients net.Listener
	ops     net.Listener // nil: operators share the clients' one
}

// listenGateway opens the listeners of a gateway.
func (p *process) listenGateway(cfg gatewayConfig) (listeners, error) {
	addrs := []address{{"addr", cfg.Server.Addr}}
	if cfg.Admin.Addr != "" {
		addrs = append(addrs, address{"ops-addr", cfg.Admin.Addr})
	}
	all, err := p.listenAll(addrs...)
	if err != nil {
		return listeners{}, err
	}
	return listeners{all[0], append(all, nil)[1]}, nil
}

// Close closes what is open.
func (l listeners) Close() error {
	if l.ops == nil {
		return l.clients.Close()
	}
	return errors.Join(l.clients.Close(), l.ops.Close())
}

// operators returns the endpoints for operators, for the listener that they are on.
func (l listeners) operators(cfg admin.Config) *admin.Mux {
	return admin.New(cfg, l.ops != nil && isLoopback(l.ops.Addr()))
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// handlers are those of one gateway, by listener, with what changes them while they serve.
type handlers struct {
	clients, ops http.Handler
	reloadable
}

// routers returns the router of clients' requests and that of operators', which is the same
// if they share a listener. Probes are on both.
func routers(cfg admin.Config, ready *httpserver.Readiness, log *slog.Logger, reg prometheus.Registerer) (clients, ops *httpserver.Mux) {
	clients = httpserver.NewRouter(log, reg)
	ops = clients
	all := []*httpserver.Mux{clients}
	if cfg.Addr != "" {
		ops = clients.Another()
		all = append(all, ops)
	}
	for _, r := range all {
		r.Use(compress.Handler)
		probes := r.With(httpserver.Quiet)
		probes.Get("/livez", httpserver.Live)
		probes.Method(http.MethodGet, "/readyz", ready)
	}
	return clients, ops
}

// mountAdmin adds to r what operators need: health, metrics, and the endpoints of
// /admin if there are any.
func mountAdmin(r httpserver.Router, cfg admin.Config, operators *admin.Mux, health http.Handler, store *entitycache.Cache, log *slog.Logger, reg *prometheus.Registry) {
	quiet := r.With(httpserver.Quiet)
	quiet.Method(http.MethodGet, "/health", health)
	quiet.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{Registry: reg, EnableOpenMetrics: true, DisableCompression: true}))
	operators.Handle("POST /admin/purge", admin.Purge(store, log))
	operators.Handle("GET /admin/log-level", admin.LogLevel(log))
	operators.Handle("PUT /admin/log-level", admin.LogLevel(log))
	if cfg.Exists() {
		r.Handle(admin.Prefix+"*", operators)
	}
}

// pageRoutes returns where the pages of a router are mounted.
func pageRoutes(r httpserver.Router) httpserver.Router {
	return r.With(httpserver.Quiet, browser.SecurityHeaders)
}

// serveOps serves h on ln, if operators have a listener of their own, until stop is called.
// It outlasts the clients' listener, so that a stop can be watched.
func serveOps(ln net.Listener, h http.Handler, cfg gatewayConfig, log *slog.Logger) (stop func()) {
	if ln == nil {
		return func() {}
	}
	log.Info("ops listener is listening", "addr", ln.Addr().String())
	server := &httpserver.Server{
		Handler: h, Log: log,
		Limits: cfg.Server.Limits, WriteTimeout: cfg.Server.RequestTimeout + cfg.Server.WriteTimeout,
		MaxConnections: cfg.Admin.MaxConnections, Probes: probes,
		Grace: opsGrace,
	}
	return runBackground(func(ctx context.Context) {
		if err := server.Serve(ctx, ln); err != nil {
			log.Error("ops listener has failed", "error", err.Error())
		}
	})
}
