package app

import (
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/upstream"
)

// core is what the routes of a gateway share: the cache, the clients of the services,
// the executable schema, and the look-ahead plan. Its owner must close it.
type core struct {
	store   *entitycache.Cache
	clients map[string]*upstream.Client
	schema  graphql.ExecutableSchema
	plan    *lookahead.Plan

	responses *engine.Responses // set by newGraphQL; nil if not enabled
}

func newCore(cfg gatewayConfig, log *slog.Logger, reg prometheus.Registerer) (*core, error) {
	store, err := entitycache.New(cfg.Cache, log, reg)
	if err != nil {
		return nil, err
	}
	c := &core{store: store, clients: map[string]*upstream.Client{}}
	if err := c.build(cfg, reg); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *core) close() error {
	for _, client := range c.clients {
		client.Close()
	}
	err := c.store.Close()
	c.responses.Close()
	return err
}

func (c *core) build(cfg gatewayConfig, reg prometheus.Registerer) (err error) {
	requests := upstream.NewMetrics(reg)
	cfg.Upstream.Bodies = upstream.NewBodies(cfg.Upstream, reg)
	cfg.Upstream.Faults = cfg.faults.transport()
	for i, s := range cfg.graph.Services {
		client, err := cfg.services[i].NewClient(s.Name, cfg.Upstream, requests)
		if err != nil {
			return err
		}
		c.clients[s.Name] = client
	}
	var joins lookahead.Joins
	c.schema, joins, err = cfg.graph.schema(&Dependencies{Clients: c.clients, Cache: c.store, Batches: batch.NewMetrics(reg)})
	if err != nil {
		return err
	}
	if err := cfg.Cache.CheckKinds(c.store.Kinds()); err != nil {
		return usageError{err}
	}
	c.plan, err = lookahead.New(c.schema.Schema(), joins)
	return err
}

// schema returns the schema of the graph, or one without data if it has none.
func (g *Graph) schema(d *Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error) {
	if g.Schema == nil {
		return newEmptySchema(), nil, nil
	}
	return g.Schema(d)
}
