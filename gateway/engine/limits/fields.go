package limits

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
)

// expectedLength is the assumed length of a list if the query does not determine it.
const expectedLength = 10

// CheckFields refuses an operation whose answer is estimated to be too large. Most are
// small even if fields that are selected twice count twice, which is faster to count.
func (c *Checker) CheckFields(op *graphql.OperationContext) *refusal.Refusal {
	e := estimate{op: op, most: c.Fields, fragments: map[string]int{}}
	if e.fields(op.Operation.SelectionSet) > c.Fields && e.merged([]ast.SelectionSet{op.Operation.SelectionSet}) > c.Fields {
		return c.refuse(violation{limit: limitFields, allowed: c.Fields, message: fmt.Sprintf("the response is estimated to have more than %d fields", c.Fields)})
	}
	return nil
}

// estimate counts the expected fields of an answer. Each fragment is counted once and its
// count reused. Counting stops above most, since a short query with nested lists can reach
// any number.
type estimate struct {
	op        *graphql.OperationContext
	most      int
	fragments map[string]int
}

func (e estimate) fields(set ast.SelectionSet) (n int) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			n += 1 + e.length(sel)*e.fields(sel.SelectionSet)
		case *ast.InlineFragment:
			n += e.fields(sel.SelectionSet)
		case *ast.FragmentSpread:
			in, counted := e.fragments[sel.Name]
			if !counted {
				in = e.fields(e.op.Doc.Fragments.ForName(sel.Name).SelectionSet)
				e.fragments[sel.Name] = in
			}
			n += in
		}
		n = min(n, e.most+1)
	}
	return n
}

// merged counts the fields of an object that sets are selected on, each response name once
// with all that is selected below it (GraphQL, section 6.3.2). Its steps are bounded by the
// elements of the document with its fragments in place.
func (e estimate) merged(sets []ast.SelectionSet) (n int) {
	m := mergedFields{e.op.Doc.Fragments, map[string]*mergedField{}, map[string]bool{}}
	for _, set := range sets {
		m.add(e, set)
	}
	for _, f := range m.byName {
		n = min(n+1, e.most+1)
		if len(f.below) > 0 {
			n = min(n+f.length*e.merged(f.below), e.most+1)
		}
	}
	return n
}

// mergedFields are the fields of one object by response name. Those of different types count
// as one, since an object has one type.
type mergedFields struct {
	fragments ast.FragmentDefinitionList
	byName    map[string]*mergedField
	spread    map[string]bool // fragments
}

type mergedField struct {
	length int // the longest of the lists
	below  []ast.SelectionSet
}

func (m mergedFields) add(e estimate, set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			f := m.byName[sel.Alias]
			if f == nil {
				f = &mergedField{}
				m.byName[sel.Alias] = f
			}
			f.length = max(f.length, e.length(sel))
			if len(sel.SelectionSet) > 0 {
				f.below = append(f.below, sel.SelectionSet)
			}
		case *ast.InlineFragment:
			m.add(e, sel.SelectionSet)
		case *ast.FragmentSpread:
			if !m.spread[sel.Name] {
				m.spread[sel.Name] = true
				m.add(e, m.fragments.ForName(sel.Name).SelectionSet)
			}
		}
	}
}

// length is the expected number of objects of a field: for a list, the length of the
// longest list in its arguments.
func (e estimate) length(f *ast.Field) int {
	if f.Definition == nil || f.Definition.Type.Elem == nil || len(f.SelectionSet) == 0 {
		return 1
	}
	longest := -1
	if len(f.Arguments) > 0 {
		for _, value := range execute.ArgumentMap(f, e.op.Variables) {
			if list, ok := value.([]any); ok {
				longest = max(longest, len(list))
			}
		}
	}
	if longest < 0 {
		return expectedLength
	}
	return longest
}
