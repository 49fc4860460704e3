package graphqlserver

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/execute"
)

// expectedLength is the assumed length of a list if the query does not determine it.
const expectedLength = 10

// checkOperation refuses an operation whose answer is estimated to be too large.
func (l *limiter) checkOperation(op *graphql.OperationContext) *Result {
	e := estimate{op: op, most: l.Fields, fragments: map[string]int{}}
	if e.fields(op.Operation.SelectionSet) > l.Fields {
		return l.refuse(excess{limit: limitFields, allowed: l.Fields, message: fmt.Sprintf("the answer is expected to have more than %d fields", l.Fields)})
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
