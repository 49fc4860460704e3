// Package graphtest makes the graph for tests: the real schema, resolvers,
// loaders and cache, over the services of a test.
package graphtest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/app"
	"tributary/gateway/batch"
	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/responsecache"
	"tributary/gateway/upstream"
	"tributary/graph"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers"
	"tributary/services"
)

// Setup is what differs from test to test.
type Setup struct {
	Timeout time.Duration // of a call; what else is set about calls is Calls
	Calls   upstream.Config
	TTL     time.Duration            // of an entry of the cache
	TTLs    map[string]time.Duration // of those of single kinds
	GraphQL engine.Config

	ResponseMB int           // how much of whole responses is kept; 0: none, so that a test sees what entities do
	Linger     time.Duration // of products' ids that wait for others to become known; 0: the usual few milliseconds
}

// DefaultSetup is a setup without retries and circuit breakers and with long timeouts.
func DefaultSetup() Setup {
	return Setup{Timeout: 10 * time.Second, TTL: 30 * time.Second, ResponseMB: 16}
}

// LongLinger is the usual setup where ids of products wait for others as long as
// any may become known, however busy the machine is.
func LongLinger() Setup {
	s := DefaultSetup()
	s.Linger = s.Timeout
	return s
}

// Server executes the operations of a graph, and answers requests for them over HTTP.
type Server struct {
	*engine.Engine
	*httptransport.Handler
}

// New makes a graph over up with an empty memory cache, which stop closes.
func New(up *upstreamtest.Upstreams, with Setup) (server *Server, stop func() error, err error) {
	return NewWithServices(up.Config(), with)
}

// NewWithServices makes a graph over the services of where.
func NewWithServices(where upstreamtest.Config, with Setup) (server *Server, stop func() error, err error) {
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	store, err := entitycache.New(entitycache.Config{TTL: with.TTL, TTLs: with.TTLs, StaleIfError: time.Minute,
		AbsentTTL: 5 * time.Second, MemoryMB: 16}, log, reg)
	if err != nil {
		return nil, nil, err
	}
	calls := with.Calls
	calls.Timeout = with.Timeout
	clients, err := where.Clients(calls, upstream.NewMetrics(reg))
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	root := resolvers.New(&app.Dependencies{Clients: clients, Cache: store, Batches: batch.NewMetrics(reg)})
	if with.Linger > 0 {
		root.ProductByID = patient(root.ProductByID, with.Linger)
	}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: root})
	plan, err := lookahead.New(schema.Schema(), root.Joins())
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	responses, err := responsecache.New[*engine.Result](responsecache.Config{MaxMB: with.ResponseMB},
		responsecache.Deps{Entities: store, Metrics: reg})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	stop = func() error {
		defer responses.Close()
		return store.Close()
	}
	e := engine.New(with.GraphQL, engine.Deps{Schema: schema, Plan: plan, Responses: responses, Log: log, Registerer: reg})
	return &Server{e, httptransport.New(e, nil)}, stop, nil
}

// idsPerCall is the number of products that one call loads.
const idsPerCall = 100

// patient sets the time that the keys of a loader wait for others. With a long one, batches do
// not depend on how busy the machine is.
func patient(l *batch.Loader[string, *services.Product], linger time.Duration) *batch.Loader[string, *services.Product] {
	return batch.NewLoader(func(ctx context.Context, ids []string) (map[string]*services.Product, error) {
		values, errs := l.LoadAll(ctx, ids)
		found, failed := map[string]*services.Product{}, batch.KeyErrors[string]{}
		for i, id := range ids {
			switch {
			case errs[i] != nil:
				failed[id] = errs[i]
			case values[i] != nil:
				found[id] = values[i]
			}
		}
		return found, failed.OrNil()
	}, batch.Options{Service: l.Service(), PerCall: idsPerCall, Gap: linger, Linger: linger})
}
