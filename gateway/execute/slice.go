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
	m := MeterOf(ctx)
	if isLeaf(ctx) && !m.addFields(n) {
		return nil
	}
	all := make(graphql.Array, n)
	step := func(ctx context.Context, i int) {
		all[i] = graphql.Null
		if m.IsStopped() {
			return
		}
		e := &element{index: i}
		e.Index = &e.index
		ctx = graphql.WithFieldContext(ctx, &e.FieldContext)
		defer guard(ctx)
		all[i] = marshal(ctx, i)
		if set, ok := all[i].(*FieldSet); ok && m.flattens() {
			all[i] = m.flatten(set)
		}
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

// isLeaf reports whether the field of ctx has no subfields. If it has, those of each
// element are counted, and otherwise the elements.
func isLeaf(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	for fc != nil && fc.Field.Field == nil && fc.Parent != nil { // an element of an outer list
		fc = fc.Parent
	}
	return fc == nil || len(fc.Field.Selections) == 0
}
