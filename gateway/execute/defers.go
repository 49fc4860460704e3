package execute

import (
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

const deferName = "defer"

// Defers identifies the @defer directives of a document. gqlgen tells them apart by their
// labels only, which are optional and need not be distinct, and does not say which of them
// stand within others. It is read-only and shared by the operations of the document.
type Defers struct {
	labels map[string]*ast.Value      // as the client wrote them, by number; nil: none
	inner  map[string]map[string]bool // the directives nested in another one, on the same object
}

// NumberDefers replaces the labels of a valid document by numbers, in place, and returns
// what they stand for.
func NumberDefers(doc *ast.QueryDocument) *Defers {
	n := numbering{
		Defers:    Defers{map[string]*ast.Value{}, map[string]map[string]bool{}},
		fragments: map[string][]string{}, doc: doc,
	}
	for _, op := range doc.Operations {
		n.set(op.SelectionSet)
	}
	return &n.Defers
}

// numbering numbers each fragment definition once.
type numbering struct {
	Defers

	doc       *ast.QueryDocument
	fragments map[string][]string
}

// set returns the numbers of the directives in a selection set, without those below its
// fields: they concern other objects.
func (n *numbering) set(set ast.SelectionSet) (found []string) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			n.set(sel.SelectionSet)
		case *ast.InlineFragment:
			found = append(found, n.directive(sel.Directives, n.set(sel.SelectionSet))...)
		case *ast.FragmentSpread:
			found = append(found, n.directive(sel.Directives, n.fragment(sel.Name))...)
		}
	}
	return found
}

func (n *numbering) fragment(name string) []string {
	found, known := n.fragments[name]
	if !known {
		found = n.set(n.doc.Fragments.ForName(name).SelectionSet)
		n.fragments[name] = found
	}
	return found
}

// directive numbers a fragment's @defer, if it has one, and returns inner with its number.
func (n *numbering) directive(list ast.DirectiveList, inner []string) []string {
	d := list.ForName(deferName)
	if d == nil {
		return inner
	}
	number := strconv.Itoa(len(n.labels))
	n.labels[number] = nil
	if label := d.Arguments.ForName("label"); label != nil {
		n.labels[number] = label.Value
	}
	n.inner[number] = make(map[string]bool, len(inner))
	for _, in := range inner {
		n.inner[number][in] = true
	}
	isLabel := func(a *ast.Argument) bool { return a.Name == "label" }
	d.Arguments = append(slices.DeleteFunc(d.Arguments, isLabel),
		&ast.Argument{Name: "label", Value: &ast.Value{Kind: ast.StringValue, Raw: number}})
	return append(slices.Clip(inner), number)
}

// Bytes returns about how much memory d takes.
func (d *Defers) Bytes() (n int) {
	const entry, table = 48, 128 // of a map
	for _, inner := range d.inner {
		n += 2*entry + table + entry*len(inner)
	}
	return n
}

// label returns the label of a directive as the client wrote it, or "".
func (d *Defers) label(number string, variables map[string]any) string {
	value := d.labels[number]
	if value == nil {
		return ""
	}
	label, _ := value.Value(variables) // a variable that is not set is no label
	text, _ := label.(string)
	return text
}

// of returns the numbers of the directives that defer a field, each once. One that has
// another of them within is left out: the inner part brings the field.
func (d *Defers) of(field graphql.CollectedField) (numbers []string) {
	for _, outer := range field.Deferrables {
		hasInner := slices.ContainsFunc(field.Deferrables, func(other *graphql.Deferrable) bool { return d.inner[outer.Label][other.Label] })
		if !hasInner && !slices.Contains(numbers, outer.Label) {
			numbers = append(numbers, outer.Label)
		}
	}
	return numbers
}
