// Package execute replaces the functions of gqlgen's runtime that generated code
// calls for each object and list. It has the same names and semantics, but is
// faster in two ways.
//
// It resolves an answer on one goroutine. gqlgen starts one for every list
// element and every resolver, which makes up most of the cost of a large answer,
// although the look-ahead has started the loads already. Only when a resolver is
// about to wait for a load that it started itself are the remaining elements and
// fields handed to another goroutine, so that loads which the look-ahead did not
// foresee still run in parallel.
//
// And it leaves out work whose result is known: fields of an object have distinct
// names, strings are written directly, and lists and objects without resolvers at
// any depth are written from the Go values.
//
// It also delivers what @defer defers: see [Deferral].
//
// cmd/trib/internal/lean rewrites the generated code to use this package.
package execute

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// guard recovers from a panic and reports it as an error of the field of ctx.
func guard(ctx context.Context) {
	if v := recover(); v != nil {
		graphql.AddError(ctx, graphql.Recover(ctx, v))
	}
}

// guarded returns the result of resolve. If resolve panics it is null, and an error is
// added to the response.
func guarded(ctx context.Context, resolve func(context.Context) graphql.Marshaler) graphql.Marshaler {
	resolved := graphql.Marshaler(graphql.Null)
	func() {
		defer guard(ctx)
		resolved = resolve(ctx)
	}()
	return resolved
}
