package graphqlserver

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// expectedLength is that of a list of which the query does not tell.
const expectedLength = 10

// checkOperation refuses an operation whose answer is expected to be too much.
func (l *limiter) checkOperation(op *graphql.OperationContext) *Result {
	e := estimate{op: op, most: l.Fields, fragments: map[string]int{}}
	if e.fields(op.Operation.SelectionSet) > l.Fields {
		return l.refuse(excess{limit: limitFields, allowed: l.Fields, message: fmt.Sprintf("the answer is expected to have more than %d fields", l.Fields)})
	}
	return nil
}

// estimate counts the fields of an answer. Fragments are counted once,
// wherever they are spread; numbers stop growing above most. A short
// query that goes round in lists of lists reaches any number.
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

// length is how many objects a field is expected to give: for a list, as many
// as its longest list of arguments has.
func (e estimate) length(f *ast.Field) int {
	if f.Definition == nil || f.Definition.Type.Elem == nil || len(f.SelectionSet) == 0 {
		return 1
	}
	longest := -1
	if len(f.Arguments) > 0 {
		for _, value := range f.ArgumentMap(e.op.Variables) {
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
