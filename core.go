package main

import (
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/cache"
	"tributary/gateway/lookahead"
	"tributary/graph"
	"tributary/resolvers"
	"tributary/services"
)

// core is what the routes of a gateway share: the cache, the services, the executable
// schema, and the look-ahead plan.
type core struct {
	store     *cache.Cache // to be closed by the owner of the core
	upstreams *services.Services
	schema    graphql.ExecutableSchema
	plan      *lookahead.Plan
}

func newCore(cfg gatewayConfig, log *slog.Logger, reg prometheus.Registerer) (*core, error) {
	store, err := cache.New(cfg.Cache, log, reg)
	if err != nil {
		return nil, err
	}
	upstreams, err := services.New(cfg.Services, cfg.Upstream, store, reg)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := cfg.Cache.CheckKinds(store.Kinds()); err != nil {
		return nil, errors.Join(usageError{err}, store.Close())
	}
	root := &resolvers.Resolver{Services: upstreams}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: root})
	plan, err := lookahead.New(schema.Schema(), root.Joins())
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &core{store, upstreams, schema, plan}, nil
}
