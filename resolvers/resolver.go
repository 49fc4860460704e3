// Package resolvers joins users, orders and products. A resolver is one line or it is
// a join. joins.go declares which fields load what, so that the look-ahead can start
// the loads early.
package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/app"
	"tributary/gateway/batch"
	"tributary/gateway/lookahead"
	"tributary/graph"
	"tributary/services"
)

// Resolver is the root of all resolvers, which read from its services.
type Resolver struct{ *services.Services }

// Schema returns the executable schema and its joins, for [app.Graph].
func Schema(d *app.Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error) {
	root := &Resolver{Services: services.New(d.Clients, d.Cache, d.Batches)}
	return graph.NewExecutableSchema(graph.Config{Resolvers: root}), root.Joins(), nil
}

// loadList loads a value for each id. One that fails is null, with an error at its own
// path, and does not affect the others.
func loadList[V any](ctx context.Context, l *batch.Loader[string, *V], ids []string) []*V {
	values, errs := l.LoadAll(ctx, ids)
	for i, err := range errs {
		if err != nil {
			graphql.AddError(ctx, gqlerror.WrapPath(append(graphql.GetPath(ctx), ast.PathIndex(i)), err))
		}
	}
	return values
}
