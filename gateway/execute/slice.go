package execute

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// element is the field context of a list element, with its index in one allocation.
type element struct {
	graphql.FieldContext
	index int
}

// MarshalSlice replaces [graphql.MarshalSliceConcurrently]: it returns the results
// of marshal for n elements, null for those that panic.
func MarshalSlice(ctx context.Context, n int, _ int64, _ bool, marshal func(ctx context.Context, i int) graphql.Marshaler) graphql.Array {
	all := make(graphql.Array, n)
	step := func(ctx context.Context, i int) {
		e := &element{index: i}
		e.Index = &e.index
		ctx = graphql.WithFieldContext(ctx, &e.FieldContext)
		all[i] = graphql.Null
		defer guard(ctx)
		all[i] = marshal(ctx, i)
	}
	switch n {
	case 0:
	case 1:
		step(ctx, 0)
	default:
		run(ctx, n, step)
	}
	return all
}
