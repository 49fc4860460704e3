// Package lookahead starts the loads of an operation as soon as their keys are
// known, instead of when execution reaches their fields.
//
// GraphQL executes level by level: the books below an author wait for the author,
// although the query already contains the id by which both are loaded. A [Plan]
// walks the operation in parallel with its execution. Where the schema's [Joins]
// can derive a key from an argument, from a loaded value, or from a stub of a
// value that is still loading, it starts the load, and the resolver later finds
// it in flight. The number of sequential round trips then depends on the data
// dependencies, not on the nesting of the query.
//
// The look-ahead also knows when a batch is complete. While any load in flight
// may still produce keys for a loader, that loader's keys are held back, at most
// for its linger time; when there is none, the batch is sent immediately, without
// waiting for a timer.
package lookahead

import (
	"context"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/execute"
)

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
	for name, def := range schema.Types {
		satisfies := []string{name}
		for _, i := range schema.GetImplements(def) {
			satisfies = append(satisfies, i.Name)
		}
		p.implements[name] = satisfies
	}
	return p, nil
}

// set returns the set of some loaders.
func (p *Plan) set(ls ...loader) (s set) {
	for _, l := range ls {
		s = s.with(p.number[l])
	}
	return s
}

// Start starts the loads that the operation of ctx needs, and further ones as values
// arrive, until everything is loaded or ctx ends. It does not wait. ctx must have the
// operation and a batch scope. If a function of a join panics, the operation's
// RecoverFunc gets the panic and its look-ahead ends; resolvers then start the
// remaining loads themselves.
//
// It starts nothing for a mutation, because what is selected below one of its fields must be
// loaded after that field's write.
func (p *Plan) Start(ctx context.Context) {
	op := graphql.GetOperationContext(ctx)
	if op.Operation.Operation == ast.Mutation {
		return
	}
	root := p.rootType(op.Operation.Operation)
	if root == nil {
		return
	}
	nodes := p.selected(op, root)
	if len(nodes) == 0 {
		return
	}
	r := &walker{ctx: ctx, plan: p, seen: map[visited]struct{}{}, open: make([]int, len(p.loaders))}
	r.enqueue(func() { r.visitAll(nodes, nil) })
}

func (p *Plan) rootType(op ast.Operation) *ast.Definition {
	switch op {
	case ast.Query:
		return p.schema.Query
	case ast.Mutation:
		return p.schema.Mutation
	}
	return nil // a subscription's events contain their values
}

// node is a selected field that leads to loads.
type node struct {
	name     string // in the response
	join     *Join
	args     map[string]any
	children []*node
	below    set // loaders that the children may reach
	variant  *variant
}

// extension is the key under which an operation's nodes are cached in its stats,
// so that Cost and Start collect them once.
const extension = "lookahead"

// selected returns the nodes of the whole operation.
func (p *Plan) selected(op *graphql.OperationContext, root *ast.Definition) []*node {
	if found, ok := op.Stats.GetExtension(extension).([]*node); ok {
		return found
	}
	found := p.nodes(op, root, op.Operation.SelectionSet)
	op.Stats.SetExtension(extension, found)
	return found
}

// nodes returns the fields of a selection that load something, or have descendants
// that do.
func (p *Plan) nodes(op *graphql.OperationContext, def *ast.Definition, set ast.SelectionSet) []*node {
	var found []*node
	for _, f := range graphql.CollectFields(op, set, p.implements[def.Name]) {
		join := p.joins[def.Name+"."+f.Name]
		if join == nil || f.Definition == nil {
			continue
		}
		n := &node{name: f.Alias, join: join}
		if len(f.Definition.Arguments) > 0 {
			n.args = execute.ArgumentMap(f.Field, op.Variables)
		}
		if child := p.schema.Types[f.Definition.Type.Name()]; child != nil && len(f.Selections) > 0 {
			n.children = p.children(op, child, f.Selections)
		}
		for _, c := range n.children {
			n.below = n.below.union(p.set(c.join.loaders...)).union(c.below)
		}
		if len(join.loaders) > 0 || !n.below.empty() {
			found = append(found, n)
		}
	}
	return found
}
