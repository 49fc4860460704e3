package document

import (
	"fmt"
	"slices"
	"strings"

	"tributary/gateway/engine/refusal"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// merging checks that fields with the same response name can be merged (GraphQL, section
// 5.3.2). The library's rule compares every two of them, and so takes seconds for a few
// thousand. This one collects the fields of a response name with all fragments in place,
// and compares each with the first: what must be equal is equal to the same field. The
// document must be valid otherwise.
type merging struct {
	schema *ast.Schema
	steps  int // selections that may still be visited; less than 0: too many were
}

// checkMerging returns the first conflict of each operation. It visits selections at most
// steps times, and is not done if that is too little. Twice the selections with fragments
// in place are enough, except where objects of different types are selected below one
// field: each type is compared with the selections that are common to all.
func (v *validator) checkMerging(doc *ast.QueryDocument, steps int) (errs gqlerror.List, done bool) {
	m := merging{v.schema, steps}
	for _, op := range doc.Operations {
		root := []ast.SelectionSet{op.SelectionSet}
		found := m.shapes(root)
		if found == nil {
			found = m.fields(root)
		}
		if found != nil && len(errs) < refusal.MaxErrors {
			errs = append(errs, found.error())
		}
	}
	return errs, m.steps >= 0
}

// conflict is why two fields cannot be merged.
type conflict struct {
	at     *ast.Position
	names  []string // the response names from the field up to where they were compared
	reason string
}

func conflictOf(f *ast.Field, format string, args ...any) *conflict {
	return &conflict{f.Position, []string{f.Alias}, fmt.Sprintf(format, args...)}
}

func (c *conflict) below(f *ast.Field) *conflict {
	c.names = append(c.names, f.Alias)
	return c
}

func (c *conflict) error() *gqlerror.Error {
	var why strings.Builder
	for _, name := range slices.Backward(c.names[:len(c.names)-1]) {
		fmt.Fprintf(&why, "subfields %q conflict because ", name)
	}
	return gqlerror.ErrorPosf(c.at, "Fields %q conflict because %s%s. Use different aliases on the fields to fetch both if this was intentional.",
		c.names[len(c.names)-1], why.String(), c.reason)
}

// shapes checks that the values of a response name have the same shape, whatever objects
// they are selected on (SameResponseShape).
func (m *merging) shapes(sets []ast.SelectionSet) *conflict {
	for _, same := range m.collect(sets) {
		first := same[0]
		for _, f := range same[1:] {
			if !m.sameShape(first.Definition.Type, f.Definition.Type) {
				return conflictOf(f, `they return conflicting types "%s" and "%s"`, first.Definition.Type, f.Definition.Type)
			}
		}
		if c := m.shapes(selectionSets(same)); c != nil {
			return c.below(first)
		}
	}
	return nil
}

// fields checks that a response name stands for one field with the same arguments, except
// on objects of different types, of which there is only one (FieldsInSetCanMerge).
func (m *merging) fields(sets []ast.SelectionSet) *conflict {
	for _, same := range m.collect(sets) {
		for _, together := range byObject(same) {
			first := together[0]
			for _, f := range together[1:] {
				if first.Name != f.Name {
					return conflictOf(f, "%q and %q are different fields", first.Name, f.Name)
				}
				if !sameArguments(first.Arguments, f.Arguments) {
					return conflictOf(f, "they have differing arguments")
				}
			}
			if c := m.fields(selectionSets(together)); c != nil {
				return c.below(first)
			}
		}
	}
	return nil
}

// collect returns the fields of selection sets by response name, in the order in which
// they are selected, with fragments in place.
func (m *merging) collect(sets []ast.SelectionSet) (groups [][]*ast.Field) {
	number, seen := map[string]int{}, map[string]bool{}
	var add func(ast.SelectionSet)
	add = func(set ast.SelectionSet) {
		m.steps -= len(set)
		if m.steps < 0 {
			return
		}
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				i, ok := number[sel.Alias]
				if !ok {
					i = len(groups)
					number[sel.Alias], groups = i, append(groups, nil)
				}
				groups[i] = append(groups[i], sel)
			case *ast.InlineFragment:
				add(sel.SelectionSet)
			case *ast.FragmentSpread:
				if !seen[sel.Name] {
					seen[sel.Name] = true
					add(sel.Definition.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		add(set)
	}
	return groups
}

// selectionSets returns the selection sets of fields that have any.
func selectionSets(fields []*ast.Field) (sets []ast.SelectionSet) {
	for _, f := range fields {
		if len(f.SelectionSet) > 0 {
			sets = append(sets, f.SelectionSet)
		}
	}
	return sets
}

// byObject divides fields into those that one object may have. Fields of an interface or
// a union are in each part, because they may be selected on any of the types.
func byObject(fields []*ast.Field) [][]*ast.Field {
	var types []*ast.Definition
	for _, f := range fields {
		if of := f.ObjectDefinition; of.Kind == ast.Object && !slices.Contains(types, of) {
			types = append(types, of)
		}
	}
	if len(types) <= 1 {
		return [][]*ast.Field{fields}
	}
	parts := make([][]*ast.Field, len(types))
	for i, of := range types {
		for _, f := range fields {
			if f.ObjectDefinition == of || f.ObjectDefinition.Kind != ast.Object {
				parts[i] = append(parts[i], f)
			}
		}
	}
	return parts
}

// sameShape reports whether lists and nulls are in the same places of two types, and
// leaves are of the same type.
func (m *merging) sameShape(a, b *ast.Type) bool {
	for ; a.Elem != nil && b.Elem != nil; a, b = a.Elem, b.Elem {
		if a.NonNull != b.NonNull {
			return false
		}
	}
	if a.NonNull != b.NonNull || a.Elem != nil || b.Elem != nil {
		return false
	}
	leaf := m.schema.Types[a.NamedType].IsLeafType() || m.schema.Types[b.NamedType].IsLeafType()
	return !leaf || a.NamedType == b.NamedType
}

// sameArguments reports whether the arguments of two fields are the same, in any order.
func sameArguments(a, b ast.ArgumentList) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(arg *ast.Argument) bool {
		other := b.ForName(arg.Name)
		return other == nil || !sameValue(arg.Value, other.Value)
	})
}

// sameValue reports whether two literals or variables are the same. The fields of an
// object may be in any order.
func sameValue(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	for i, child := range a.Children {
		other := b.Children[i].Value
		if a.Kind == ast.ObjectValue {
			other = b.Children.ForName(child.Name)
		}
		if other == nil || !sameValue(child.Value, other) {
			return false
		}
	}
	return true
}
