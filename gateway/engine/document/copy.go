package document

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// withoutDefer returns a copy of a valid document without @defer, which a server may ignore,
// so that all data are in a single response. If it were executed, the deferred data would
// be missing there. The copy has selections of its own and shares the rest.
func withoutDefer(doc *ast.QueryDocument) *ast.QueryDocument {
	return Copy(doc, func(*ast.Field) *ast.Field { return nil }, deleteDefer)
}

// Copy returns a copy of a valid document. field returns what takes the place of a field
// and all that is below it, or nil; directives returns those of a copied fragment.
func Copy(doc *ast.QueryDocument, field func(*ast.Field) *ast.Field, directives func(ast.DirectiveList) ast.DirectiveList) *ast.QueryDocument {
	c := copier{map[*ast.FragmentDefinition]*ast.FragmentDefinition{}, field, directives}
	whole := *doc
	whole.Operations, whole.Fragments = nil, nil
	for _, f := range doc.Fragments {
		c.fragments[f] = &ast.FragmentDefinition{}
		whole.Fragments = append(whole.Fragments, c.fragments[f])
	}
	for from, to := range c.fragments {
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

// copier copies a document, see [Copy].
type copier struct {
	fragments  map[*ast.FragmentDefinition]*ast.FragmentDefinition
	field      func(*ast.Field) *ast.Field
	directives func(ast.DirectiveList) ast.DirectiveList
}

func (c copier) set(set ast.SelectionSet) ast.SelectionSet {
	if len(set) == 0 {
		return nil
	}
	to := make(ast.SelectionSet, len(set))
	for i, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if other := c.field(sel); other != nil {
				to[i] = other
				continue
			}
			f := *sel
			f.SelectionSet = c.set(sel.SelectionSet)
			to[i] = &f
		case *ast.InlineFragment:
			f := *sel
			f.Directives, f.SelectionSet = c.directives(sel.Directives), c.set(sel.SelectionSet)
			to[i] = &f
		case *ast.FragmentSpread:
			f := *sel
			f.Directives, f.Definition = c.directives(sel.Directives), c.fragments[sel.Definition]
			to[i] = &f
		}
	}
	return to
}

func deleteDefer(list ast.DirectiveList) ast.DirectiveList {
	isDefer := func(d *ast.Directive) bool { return d.Name == "defer" }
	if !slices.ContainsFunc(list, isDefer) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), isDefer)
}
