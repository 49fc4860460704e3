// Package execute has what the generated code of a graph calls for each object
// and each list: like gqlgen's functions of the same names, and in their place,
// but for two things.
//
// It goes through an answer on one goroutine. gqlgen starts one for every
// element of a list and every resolver, which is most of what a large answer
// costs; but what the look-ahead has begun needs nobody to wait beside it. Only
// a resolver that begins a load by itself, and is about to wait for it, hands
// what is left of the lists and objects around it to a goroutine of its own, so
// that loads which nobody saw coming still run side by side.
//
// And what is known beforehand is not looked at again: the fields of an object
// have different names, strings are written without a step in between.
//
// The generated code is led here by internal/lean, after gqlgen has written it.
package execute

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// guard makes a panic an error of the field of ctx.
func guard(ctx context.Context) {
	if v := recover(); v != nil {
		graphql.AddError(ctx, graphql.Recover(ctx, v))
	}
}

// guarded gives what resolve does, or null and an error when it panics.
func guarded(ctx context.Context, resolve func(context.Context) graphql.Marshaler) graphql.Marshaler {
	resolved := graphql.Marshaler(graphql.Null)
	func() {
		defer guard(ctx)
		resolved = resolve(ctx)
	}()
	return resolved
}
