package graphqlserver

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

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
	if name := nulls.set(op.Operation.SelectionSet); name != "" {
		return refuseOne(fault.BadUserInput, "variable."+name+" cannot be null")
	}
	return nil
}

// nullFinder finds one of the variables that are null where null must not be.
type nullFinder struct {
	nulls map[string]bool
	seen  map[string]bool // fragments
}

func (f nullFinder) set(set ast.SelectionSet) (name string) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			name = f.first(sel.Arguments, sel.Directives, sel.SelectionSet)
		case *ast.InlineFragment:
			name = f.first(nil, sel.Directives, sel.SelectionSet)
		case *ast.FragmentSpread:
			name = f.first(nil, sel.Directives, nil)
			if name == "" && !f.seen[sel.Name] {
				f.seen[sel.Name] = true
				name = f.first(nil, sel.Definition.Directives, sel.Definition.SelectionSet)
			}
		}
		if name != "" {
			return name
		}
	}
	return ""
}

func (f nullFinder) first(args ast.ArgumentList, directives ast.DirectiveList, set ast.SelectionSet) string {
	for _, d := range directives {
		args = append(args[:len(args):len(args)], d.Arguments...)
	}
	for _, a := range args {
		if name := f.value(a.Value); name != "" {
			return name
		}
	}
	return f.set(set)
}

func (f nullFinder) value(v *ast.Value) string {
	if v.Kind == ast.Variable && f.nulls[v.Raw] && v.ExpectedType != nil && v.ExpectedType.NonNull {
		return v.Raw
	}
	for _, child := range v.Children {
		if name := f.value(child.Value); name != "" {
			return name
		}
	}
	return ""
}
