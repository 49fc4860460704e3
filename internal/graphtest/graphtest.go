// Package graphtest makes the graph for tests: the real schema, resolvers,
// loaders and cache, over the services of a test.
package graphtest

import (
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/cache"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/lookahead"
	"tributary/gateway/upstream"
	"tributary/graph"
	"tributary/internal/upstreamtest"
	"tributary/resolvers"
	"tributary/services"
)

// Setup is what differs from test to test.
type Setup struct {
	Timeout time.Duration // of a call
	TTL     time.Duration // of an entry of the cache
	GraphQL graphqlserver.Config
}

// Usual is a setup in which calls are made once and have all the time that they
// need: a test sees what it asks for and nothing of retries and circuits.
func Usual() Setup { return Setup{Timeout: 10 * time.Second, TTL: 30 * time.Second} }

// New makes a graph over up with an empty memory cache, which stop closes.
func New(up *upstreamtest.Upstreams, with Setup) (server *graphqlserver.Server, stop func() error, err error) {
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	store, err := cache.New(cache.Config{TTL: with.TTL, StaleIfError: time.Minute, AbsentTTL: 5 * time.Second, MemoryMB: 16}, log, reg)
	if err != nil {
		return nil, nil, err
	}
	loaders, err := services.New(up.Config(), upstream.Config{Timeout: with.Timeout}, store, upstream.NewMetrics(reg))
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	root := &resolvers.Resolver{Services: loaders}
	schema := graph.NewExecutableSchema(graph.Config{Resolvers: root})
	plan, err := lookahead.New(schema.Schema(), root.Joins())
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return graphqlserver.New(schema, plan, with.GraphQL, log, reg), store.Close, nil
}
