// Package lookahead starts the loads of an operation as soon as their keys are
// known, instead of when execution gets to their fields.
//
// Execution of GraphQL goes down level by level: the orders below a user wait
// for the user, although the query already holds the id that both are asked
// by. A [Plan] walks the operation beside its execution. Where the schema's
// [Joins] can tell a key, be it from an argument, from a value that arrived or
// from a stub of one that has not, it starts the load; resolvers then find it
// under way. So hops follow the data, not the nesting.
//
// It also knows when a batch is complete: as long as a load is under way whose
// answer may name more keys for a loader, the keys at hand wait for it (for the
// loader's linger at most); once none is, they go at once. No timer decides.
package lookahead

import (
	"context"
	"fmt"
	"math/bits"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// mask is a set of loaders, by their number in the plan.
type mask uint64

const maxLoaders = 64

// A Plan is a schema with its joins. It is safe for concurrent use.
type Plan struct {
	schema     *ast.Schema
	joins      Joins
	loaders    []loader
	number     map[loader]int
	implements map[string][]string
}

// New returns the plan of a schema. A join of a field that the schema does not have is
// an error.
func New(schema *ast.Schema, joins Joins) (*Plan, error) {
	p := &Plan{schema: schema, joins: joins, number: map[loader]int{}, implements: map[string][]string{}}
	for name, join := range joins {
		typeName, field, _ := strings.Cut(name, ".")
		def := schema.Types[typeName]
		if def == nil || def.Fields.ForName(field) == nil {
			return nil, fmt.Errorf("lookahead: the schema has no field %s", name)
		}
		for _, l := range join.loaders {
			if _, ok := p.number[l]; !ok {
				p.number[l] = len(p.loaders)
				p.loaders = append(p.loaders, l)
			}
		}
	}
	if len(p.loaders) > maxLoaders {
		return nil, fmt.Errorf("lookahead: %d loaders, more than %d", len(p.loaders), maxLoaders)
	}
	for name, def := range schema.Types {
		satisfies := []string{name}
		for _, i := range schema.GetImplements(def) {
			satisfies = append(satisfies, i.Name)
		}
		p.implements[name] = satisfies
	}
	return p, nil
}

func (p *Plan) bit(l loader) mask { return 1 << p.number[l] }

func (p *Plan) bits(ls []loader) (m mask) {
	for _, l := range ls {
		m |= p.bit(l)
	}
	return m
}

// Start starts the loads that the operation of ctx needs, and further ones as values
// arrive, until everything is loaded or ctx ends. It does not wait. ctx must have the
// operation and a batch scope. If a function of a join panics, the operation's
// RecoverFunc gets the panic and its look-ahead ends; resolvers then start the
// remaining loads themselves.
func (p *Plan) Start(ctx context.Context) {
	op := graphql.GetOperationContext(ctx)
	root := p.rootType(op.Operation.Operation)
	if root == nil {
		return
	}
	nodes := p.selected(op, root)
	if len(nodes) == 0 {
		return
	}
	r := &run{ctx: ctx, plan: p, seen: map[visited]struct{}{}, open: make([]int, len(p.loaders))}
	r.do(func() { r.visitAll(nodes, nil) })
}

func (p *Plan) rootType(op ast.Operation) *ast.Definition {
	if op == ast.Query {
		return p.schema.Query
	}
	return nil // mutations go one by one; a subscription's events bring their own values
}

// node is a selected field that leads to loads.
type node struct {
	name     string // in the answer
	join     *Join
	args     map[string]any
	children []*node
	below    mask // loaders that the children may reach
}

// extension is where an operation's nodes are kept in its statistics: who has
// had its cost reckoned has them found.
const extension = "lookahead"

// selected are the nodes of an operation as a whole.
func (p *Plan) selected(op *graphql.OperationContext, root *ast.Definition) []*node {
	if found, ok := op.Stats.GetExtension(extension).([]*node); ok {
		return found
	}
	found := p.nodes(op, root, op.Operation.SelectionSet)
	op.Stats.SetExtension(extension, found)
	return found
}

// nodes finds the fields in a selection that have joins, or have some below.
func (p *Plan) nodes(op *graphql.OperationContext, def *ast.Definition, set ast.SelectionSet) []*node {
	var found []*node
	for _, f := range graphql.CollectFields(op, set, p.implements[def.Name]) {
		join := p.joins[def.Name+"."+f.Name]
		if join == nil || f.Definition == nil {
			continue
		}
		n := &node{name: f.Alias, join: join}
		if len(f.Definition.Arguments) > 0 {
			n.args = f.ArgumentMap(op.Variables)
		}
		if child := p.schema.Types[f.Definition.Type.Name()]; child != nil && len(f.Selections) > 0 {
			n.children = p.nodes(op, child, f.Selections)
		}
		for _, c := range n.children {
			n.below |= p.bits(c.join.loaders) | c.below
		}
		if len(join.loaders) > 0 || n.below != 0 {
			found = append(found, n)
		}
	}
	return found
}

// each calls f with the number of every loader in m.
func (m mask) each(f func(i int)) {
	for ; m != 0; m &= m - 1 {
		f(bits.TrailingZeros64(uint64(m)))
	}
}
