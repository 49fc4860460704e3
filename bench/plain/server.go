// Package plain is the same graph as its tools' documents would have one build
// it: gqlgen with its handler and defaults, a dataloader for each service and
// request, waiting 1 ms for keys, and no look-ahead, cache, metrics or limits.
package plain

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/bench/internal/baseline"
	"tributary/bench/plain/graph"
)

// queryCache is the size of the query cache in gqlgen's documents.
const queryCache = 1000

// NewHandler serves the graph over the services at url.
func NewHandler(url string) http.Handler {
	s := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: resolver{}}))
	s.AddTransport(transport.GET{})
	s.AddTransport(transport.POST{})
	s.SetQueryCache(lru.New[*ast.QueryDocument](queryCache))
	s.Use(extension.AutomaticPersistedQuery{Cache: lru.New[string](100)})
	return withLoaders(baseline.NewServices(url), s)
}
