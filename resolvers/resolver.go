// Package resolvers is where users, orders and products meet. A resolver is
// one line or it is a join; which loads a field leads to, so that they can be
// started ahead of it, stands in joins.go.
package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/services"
)

// Resolver is the root of all resolvers: they read from the services.
type Resolver struct{ *services.Services }

// loadList loads a value for each id. One that fails is null in its place,
// with an error at its own path: a fault loses nothing else.
func loadList[V any](ctx context.Context, l *batch.Loader[string, *V], ids []string) []*V {
	values, errs := l.LoadAll(ctx, ids)
	for i, err := range errs {
		if err != nil {
			graphql.AddError(ctx, gqlerror.WrapPath(append(graphql.GetPath(ctx), ast.PathIndex(i)), err))
		}
	}
	return values
}
