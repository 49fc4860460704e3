package lookahead

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// A variant marks a node below a union or an interface: it belongs to one of the types that
// a value may have. Joins take the keys of such nodes from values of their own type in Go.
// What does not depend on the value is not loaded ahead, because it may be of another type.
type variant struct {
	nth int // of the nodes of its type that load from the same loader
}

// children returns the nodes of a selection on values of a type. Those of a union or an
// interface are the nodes of each of its types.
func (p *Plan) children(op *graphql.OperationContext, def *ast.Definition, set ast.SelectionSet) []*node {
	if !def.IsAbstractType() {
		return p.nodes(op, def, set)
	}
	var found []*node
	for _, t := range p.schema.GetPossibleTypes(def) {
		number := map[loader]int{}
		for _, n := range p.nodes(op, t, set) {
			n.variant = &variant{}
			for _, l := range n.join.loaders {
				n.variant.nth = max(n.variant.nth, number[l])
				number[l]++
			}
			found = append(found, n)
		}
	}
	return found
}

// alternative identifies the keys of a field of one type of several. Each value has one
// type, so that the nth field of a type that loads from a loader, and the nth of another,
// together have one key for each value.
type alternative struct {
	nth  int
	args string
}
