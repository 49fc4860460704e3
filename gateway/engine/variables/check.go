package variables

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
)

// Check refuses coerced variables of an operation that the library accepts although the
// specification does not.
func Check(op *graphql.OperationContext) *refusal.Refusal {
	return cmp.Or(checkNulls(op), checkIDs(op))
}

// checkNulls refuses null for a variable that stands where null must not be. A
// default lets a variable that may be null stand there (GraphQL, section 5.8.5),
// but does not take the place of a null that was sent. The library would take that
// for an empty list or the id "null", and panic where it decides what to skip.
func checkNulls(op *graphql.OperationContext) *refusal.Refusal {
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
		return refusal.New(fault.BadUserInput, gqlerror.List{{Locations: locate(v.Position), Message: fmt.Sprintf(
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

// checkIDs refuses numbers that are no integers as variables of type ID (GraphQL,
// section 3.5.5). As literals the validator refuses them; variables come with
// their digits, which it takes for a string.
func checkIDs(op *graphql.OperationContext) *refusal.Refusal {
	for _, v := range op.Operation.VariableDefinitions {
		if v.Type.Name() != "ID" {
			continue
		}
		if number := fraction(op.Variables[v.Variable]); number != "" {
			return refusal.New(fault.BadUserInput, gqlerror.List{{Locations: locate(v.Position), Message: fmt.Sprintf(
				"Variable \"$%s\" got an invalid value: expected \"ID\" (%s), found %s.", v.Variable, idMeaning, short(number))}})
		}
	}
	return nil
}

// fraction returns the first number in v that is no integer, or "".
func fraction(v any) string {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return string(v)
		}
	case []any:
		for _, item := range v {
			if number := fraction(item); number != "" {
				return number
			}
		}
	case []json.Number: // one that stands for a list
		return fraction(v[0])
	}
	return ""
}
