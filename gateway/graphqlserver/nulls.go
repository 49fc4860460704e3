package graphqlserver

import (
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
)

// checkNulls refuses null for a variable that stands where null must not be. A
// default lets a variable that may be null stand there (GraphQL, section 5.8.5),
// but does not take the place of a null that was sent. The library would take that
// for an empty list or the id "null", and panic where it decides what to skip.
func checkNulls(op *graphql.OperationContext) *Result {
	nulls := nullFinder{nulls: map[string]bool{}, seen: map[string]bool{}}
	for _, v := range op.Operation.VariableDefinitions {
		if value, given := op.Variables[v.Variable]; given && value == nil {
			nulls.nulls[v.Variable] = true
		}
	}
	if len(nulls.nulls) == 0 {
		return nil
	}
	if v := nulls.set(op.Operation.SelectionSet); v != nil {
		return refuse(fault.BadUserInput, gqlerror.List{{Locations: locate(v.Position), Message: fmt.Sprintf(
			"Variable \"$%s\" must not be null where type %q is expected.", v.Raw, v.ExpectedType)}})
	}
	return nil
}

// nullFinder finds where one of the variables that are null stands where null must not be.
type nullFinder struct {
	nulls map[string]bool
	seen  map[string]bool // fragments
}

func (f nullFinder) set(set ast.SelectionSet) (found *ast.Value) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			found = f.first(sel.Arguments, sel.Directives, sel.SelectionSet)
		case *ast.InlineFragment:
			found = f.first(nil, sel.Directives, sel.SelectionSet)
		case *ast.FragmentSpread:
			found = f.first(nil, sel.Directives, nil)
			if found == nil && !f.seen[sel.Name] {
				f.seen[sel.Name] = true
				found = f.first(nil, sel.Definition.Directives, sel.Definition.SelectionSet)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

func (f nullFinder) first(args ast.ArgumentList, directives ast.DirectiveList, set ast.SelectionSet) *ast.Value {
	for _, d := range directives {
		args = append(args[:len(args):len(args)], d.Arguments...)
	}
	for _, a := range args {
		if found := f.value(a.Value); found != nil {
			return found
		}
	}
	return f.set(set)
}

func (f nullFinder) value(v *ast.Value) *ast.Value {
	if v.Kind == ast.Variable && f.nulls[v.Raw] && v.ExpectedType != nil && v.ExpectedType.NonNull {
		return v
	}
	for _, child := range v.Children {
		if found := f.value(child.Value); found != nil {
			return found
		}
	}
	return nil
}
