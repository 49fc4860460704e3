package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admin"
	"tributary/gateway/auth"
	"tributary/gateway/browser"
	"tributary/gateway/engine"
	"tributary/gateway/engine/document"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/engine/stream"
	"tributary/gateway/entitycache"
	"tributary/gateway/forward"
	"tributary/gateway/health"
	"tributary/gateway/heap"
	"tributary/gateway/httpserver"
	"tributary/gateway/responsecache"
	"tributary/gateway/status"
	"tributary/gateway/tracing"
	"tributary/gateway/upstream"
)

// gatewayName is the name of the gateway in /health and in traces.
const gatewayName = "api-gateway"

// stopGrace is how long a stop lets clients receive their answers after the time of the
// requests that were accepted last is over, and opsGrace how long it lets operators do so
// after that. With the default settings a stop takes 10 s at most: 1 s of BFF_DRAIN_DELAY,
// 5 s of BFF_REQUEST_TIMEOUT, stopGrace, a second for the other parts, which end side by
// side, and a second for readers of the log.
const (
	stopGrace = 1500 * time.Millisecond
	opsGrace  = 500 * time.Millisecond
)

// Limits of /health, so that it cannot be used to flood the services.
const (
	healthTimeout = 5 * time.Second
	healthMargin  = 100 * time.Millisecond // a check ends by the time-out of its attempt, not by that of the finding
	healthHold    = time.Second
)

// probes are the paths of probes and scrapes, which are answered also when all connections are
// in use: what is wrong must be seen then.
var probes = []string{"/livez", "/readyz", "/health", "/metrics"}

// serveGateway runs a gateway on its listeners until ctx ends. Read returns its settings as
// they are when it is called.
func (p *process) serveGateway(ctx context.Context, cfg gatewayConfig, on listeners, log *slog.Logger, read func() (reread, error)) error {
	defer heap.StartPacing(p.Getenv)()
	cfg.Server = cfg.Server.FitDescriptors(cfg.Admin.Connections(), log)
	heap.Check(log, os.DirFS("/"), slices.Concat(cfg.Server.Budgets(), cfg.Upstream.Budgets(), cfg.Admin.Budgets(cfg.Server.Limits.HeaderBytes), cfg.Cache.Budgets(), cfg.Responses.Budgets(), cfg.GraphQL.Budgets())...)
	traces, err := tracing.New(ctx, tracing.Source{Name: gatewayName, Version: p.version}, p.Getenv, log)
	if err != nil {
		_ = on.Close()
		return usageError{err}
	}
	closeTraces := sync.OnceFunc(func() { traces.Close(ctx) })
	defer closeTraces()
	ready := &httpserver.Readiness{}
	operators, reg := on.operators(cfg.Admin), p.registry()
	handlers, release, err := newGateway(cfg, operators, p.version, ready, log, reg)
	if err != nil {
		_ = on.Close()
		return err
	}
	traced := traces.Handler(handlers.clients)
	if !cfg.Tracing.TrustClients {
		traced = tracing.Restart(traced)
	}
	certificates, err := httpserver.NewCertificates(cfg.Server.TLS, log, reg)
	if err != nil {
		_ = on.Close()
		return errors.Join(usageError{err}, release())
	}
	stopWatch := runBackground(certificates.Watch)
	reloads := newReloader(handlers.reloadable, p, cfg, read, log)
	operators.Handle("POST /admin/reload", admin.Reload(reloads.reload))
	stopReloads := runBackground(func(ctx context.Context) { reloads.run(ctx, p.Hangup) })
	server := &httpserver.Server{
		Handler: traced, Log: log,
		Limits: cfg.Server.Limits, WriteTimeout: cfg.Server.RequestTimeout + cfg.Server.WriteTimeout,
		MaxConnections: cfg.Server.MaxConnections, Probes: probes,
		HTTP2: cfg.Server.HTTP2, Certificates: certificates,
		Ready: ready, DrainDelay: cfg.Server.DrainDelay,
		Grace: cfg.Server.RequestTimeout + stopGrace,
	}
	stopOps := serveOps(on.ops, handlers.ops, cfg, log)
	log.Info("gateway is listening", "addr", on.clients.Addr().String(), "version", p.version)
	err = server.Serve(ctx, on.clients)
	var stopping sync.WaitGroup // each part takes a second at most
	stopping.Go(closeTraces)
	stopping.Go(stopReloads)
	stopping.Go(stopWatch)
	stopping.Go(func() { stopOps(); err = errors.Join(err, release()) })
	stopping.Wait()
	log.Info("gateway has stopped")
	return err
}

// newGateway builds the gateway from the inside out: its core, GraphQL on top of it,
// and the HTTP routes. The returned function releases its resources; it must be called
// when no request is in flight any more.
func newGateway(cfg gatewayConfig, operators *admin.Mux, version string, ready *httpserver.Readiness, log *slog.Logger, reg *prometheus.Registry) (handlers, func() error, error) {
	cfg.Cache.LoadTimeout, cfg.Cache.LeastTime = cfg.Server.RequestTimeout, cfg.Upstream.LeastTime
	cfg.Cache.Variant, cfg.Cache.Personal = forward.Variant, forward.Personal
	cfg.Upstream.RequestTimeout, cfg.Upstream.Log = cfg.Server.RequestTimeout, log
	core, err := newCore(cfg, log, reg)
	if err != nil {
		return handlers{}, nil, err
	}
	if fields := core.plan.Unseen(); len(fields) > 0 {
		log.Warn("the cost of these fields is not counted: give each a join in Joins of its resolvers, or lookahead.Computed if it loads nothing",
			"fields", strings.Join(fields, " "))
	}
	graphql, err := core.newGraphQL(cfg, log, reg)
	if err != nil {
		return handlers{}, nil, errors.Join(err, core.close())
	}
	authenticator, err := auth.New(cfg.Auth, log, reg)
	if err != nil {
		return handlers{}, nil, errors.Join(usageError{err}, core.close())
	}
	routes := cfg.graph.routes(&API{Engine: graphql, TTL: cfg.Cache.TTL, Metrics: reg})
	checker := newHealth(cfg.Upstream, core.clients, core.store, authenticator, version)
	history := status.New(reg, checker, status.Options{Endpoints: endpoints(routes), Log: log})

	clients, ops := routers(cfg.Admin, ready, log, reg)
	mountAdmin(ops, cfg.Admin, operators, checker, core.store, log, reg)
	cfg.faults.mount(clients, graphql, core.store, log)
	err = mountPages(pageRoutes(clients), pageRoutes(ops), cfg, history)
	cfg.mountTokens(clients)
	if err != nil {
		authenticator.Close()
		return handlers{}, nil, errors.Join(err, core.close())
	}
	if cfg.GraphQL.Introspection {
		routes = slices.Concat(routes, []Route{schemaRoute(core.schema.Schema())})
	}
	viewers, err := newViewers(cfg, authenticator, operators)
	if err != nil {
		authenticator.Close()
		return handlers{}, nil, errors.Join(err, core.close())
	}
	guard := browser.NewGuard(cfg.Browser)
	streams := mountGraph(clients, graphql, routes, cfg, guard, viewers, reg)
	ready.OnDrain(streams.Drain)
	stop := runBackground(history.Run)
	changeable := reloadable{graphql, guard, func(cfg gatewayConfig) error { return cfg.Cache.CheckKinds(core.store.Kinds()) }, newReloadMetrics(reg)}
	return handlers{clients, ops, changeable}, func() error { streams.Close(); stop(); authenticator.Close(); return core.close() }, nil
}

// newGraphQL returns the engine with its caches of responses and documents.
func (c *core) newGraphQL(cfg gatewayConfig, log *slog.Logger, reg prometheus.Registerer) (*engine.Engine, error) {
	trusted, err := trustedDocuments(cfg.graph.Operations, cfg.GraphQL.Manifests)
	if err != nil {
		return nil, err
	}
	if c.responses, err = responsecache.New[*engine.Result](cfg.Responses, responsecache.Deps{Entities: c.store, Metrics: reg}); err != nil {
		return nil, err
	}
	return engine.New(cfg.GraphQL, engine.Deps{
		Schema: c.schema, Plan: c.plan, Responses: c.responses, Log: log, Registerer: reg,
		Trusted: trusted, Persisted: c.store.Texts("document", cfg.GraphQL.PersistedTTL), Viewer: forward.Viewer,
	}), nil
}

// mountGraph adds the routes of GraphQL and the graph's own to r, and returns the
// streams, which must be drained and closed.
func mountGraph(r httpserver.Router, graphql *engine.Engine, routes []Route, cfg gatewayConfig, guard *browser.Guard, v *viewers, reg prometheus.Registerer) *stream.Streams {
	handler := httptransport.New(graphql, v.operators.IsOperator)
	streams := stream.New(cfg.Streams, stream.Deps{Engine: graphql, HTTP: handler, Timeout: cfg.Server.RequestTimeout, SignIn: v, Registerer: reg})
	deadline := httpserver.Deadline(cfg.Server.RequestTimeout)
	asked := r.With(guard.CORS)
	graph := asked
	if cfg.GraphQL.Playground {
		graph = asked.With(visitToPlayground) // before SameSite: links of other sites may lead there
	}
	later := auth.IsWebSocket // only where a WebSocket is served: any other request is executed at once
	if cfg.Streams.Max == 0 {
		later = nil
	}
	sameSite := graph.With(guard.CrossSiteProtection(handler.Refuse), v.handler(refusals{handler.RefuseFault, handler.RefuseHeader}, later), httptransport.Seen, streams.Handler, deadline)
	sameSite.Handle(graphqlPath, handler)
	sameSite.Handle(graphqlPath+"/{document}", handler) // a document by its id, at an address of its own
	api := asked.With(v.handler(refusals{httpserver.WriteFault, httpserver.RefuseHeader}, nil), httptransport.Seen, deadline)
	for _, route := range routes {
		api.Options(route.Pattern, httpserver.Options(http.MethodGet, http.MethodHead)) // for browsers that ask first
		api.Method(http.MethodGet, route.Pattern, route.Handler)
	}
	return streams
}

func (g *Graph) routes(api *API) []Route {
	if g.Routes == nil {
		return nil
	}
	return g.Routes(api)
}

// endpoints returns the patterns of the routes that the status page counts.
func endpoints(routes []Route) []string {
	patterns := make([]string, 0, 1+len(routes))
	patterns = append(patterns, graphqlPath)
	for _, route := range routes {
		patterns = append(patterns, route.Pattern)
	}
	return patterns
}

// runBackground runs work on a goroutine. The returned function cancels its context and
// waits for it to return.
func runBackground(work func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); work(ctx) }()
	return func() { cancel(); <-done }
}

// trustedDocuments returns the graph's own operations and those of manifests.
func trustedDocuments(operations, manifests []string) (*document.Trusted, error) {
	documents, err := document.NewTrusted(operations...)
	if err != nil {
		return nil, err
	}
	if err := documents.Load(manifests...); err != nil {
		return nil, usageError{fmt.Errorf("graphql-trusted-documents: %w", err)}
	}
	return documents, nil
}

// newHealth returns the checker of /health. A health check has as much time as any attempt at a
// call, so that a slow service whose calls succeed is healthy.
func newHealth(cfg upstream.Config, clients map[string]*upstream.Client, store *entitycache.Cache, a *auth.Authenticator, version string) *health.Checker {
	checks := map[string]health.Check{}
	for name, client := range clients {
		checks[name] = func(ctx context.Context) error {
			err := client.Ping(ctx)
			if errors.Is(err, upstream.ErrUnknown) {
				return fmt.Errorf("%w: %w", health.ErrUnknown, err)
			}
			return err
		}
	}
	c := &health.Checker{
		Service: gatewayName, Version: version,
		Services:  checks,
		CacheType: store.Type(), Cache: store.Ping,
		Timeout: min(cfg.LongestAttempt()+healthMargin, healthTimeout), CacheFor: healthHold,
		Epoch: func() (sum uint64) {
			for _, client := range clients {
				sum += client.CircuitEpoch()
			}
			return sum
		},
	}
	if a.Enabled() {
		c.Provider = func() health.ProviderStatus { return providerStatus(a.KeySet()) }
	}
	return c
}

func providerStatus(set auth.KeySet) health.ProviderStatus {
	switch {
	case !set.Usable:
		return health.ProviderStatus{Status: health.Unhealthy}
	case set.Failed:
		return health.ProviderStatus{Status: health.Degraded, KeysAge: set.Age.Seconds()}
	}
	return health.ProviderStatus{Status: health.Healthy, KeysAge: set.Age.Seconds()}
}
