package graphqlserver

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// undeferred returns a copy of a valid document without @defer, which a server may ignore,
// so that all data are in a single response. If it were executed, the deferred data would
// be missing there. The copy has selections of its own and shares the rest.
func undeferred(doc *ast.QueryDocument) *ast.QueryDocument {
	c := copying{}
	whole := *doc
	whole.Operations, whole.Fragments = nil, nil
	for _, f := range doc.Fragments {
		c[f] = &ast.FragmentDefinition{}
		whole.Fragments = append(whole.Fragments, c[f])
	}
	for from, to := range c {
		*to = *from
		to.SelectionSet = c.set(from.SelectionSet)
	}
	for _, op := range doc.Operations {
		to := *op
		to.SelectionSet = c.set(op.SelectionSet)
		whole.Operations = append(whole.Operations, &to)
	}
	return &whole
}

// copying has the copies of fragments.
type copying map[*ast.FragmentDefinition]*ast.FragmentDefinition

func (c copying) set(set ast.SelectionSet) ast.SelectionSet {
	if len(set) == 0 {
		return nil
	}
	to := make(ast.SelectionSet, len(set))
	for i, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			f := *sel
			f.SelectionSet = c.set(sel.SelectionSet)
			to[i] = &f
		case *ast.InlineFragment:
			f := *sel
			f.Directives, f.SelectionSet = withoutDefer(sel.Directives), c.set(sel.SelectionSet)
			to[i] = &f
		case *ast.FragmentSpread:
			f := *sel
			f.Directives, f.Definition = withoutDefer(sel.Directives), c[sel.Definition]
			to[i] = &f
		}
	}
	return to
}

func withoutDefer(list ast.DirectiveList) ast.DirectiveList {
	isDefer := func(d *ast.Directive) bool { return d.Name == "defer" }
	if !slices.ContainsFunc(list, isDefer) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), isDefer)
}
