package execute

import (
	"encoding/json"
	"maps"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// ArgumentMap returns the arguments of a field by name, with variables and default values
// filled in. It is that of [ast.Field], except that a number in the document is a
// [json.Number] with the digits that were written, as in variables, instead of an int64
// or a float64: 1.10 must reach a Decimal as 1.10. The field must be validated.
func ArgumentMap(f *ast.Field, vars map[string]any) map[string]any {
	args := make(map[string]any, len(f.Definition.Arguments))
	for _, def := range f.Definition.Arguments {
		given := f.Arguments.ForName(def.Name)
		if given != nil && !unset(given.Value, vars) {
			args[def.Name] = literal(given.Value, vars)
		} else if def.DefaultValue != nil {
			args[def.Name] = literal(def.DefaultValue, vars)
		}
	}
	return args
}

// unset reports whether v is a variable without a value, which leaves out what it is the
// value of.
func unset(v *ast.Value, vars map[string]any) bool {
	if v.Kind != ast.Variable {
		return false
	}
	_, set := vars[v.Raw]
	return !set
}

// literal returns a value of a document, whose numbers are as in [ArgumentMap].
func literal(v *ast.Value, vars map[string]any) any {
	switch v.Kind {
	case ast.Variable:
		return vars[v.Raw]
	case ast.IntValue, ast.FloatValue:
		return json.Number(v.Raw)
	case ast.StringValue, ast.BlockValue, ast.EnumValue:
		return v.Raw
	case ast.BooleanValue:
		b, _ := strconv.ParseBool(v.Raw) // the parser takes true and false only
		return b
	case ast.ListValue:
		var list []any
		for _, e := range v.Children {
			list = append(list, literal(e.Value, vars))
		}
		return list
	case ast.ObjectValue:
		object := make(map[string]any, len(v.Children))
		for _, member := range v.Children {
			if !unset(member.Value, vars) {
				object[member.Name] = literal(member.Value, vars)
			}
		}
		return object
	}
	return nil
}

// WithDefaults returns the variables of a request together with the default values of
// those that it leaves out, whose numbers are as in [ArgumentMap]. It does not change given.
func WithDefaults(op *ast.OperationDefinition, given map[string]any) map[string]any {
	vars, own := given, false
	for _, v := range op.VariableDefinitions {
		if _, ok := given[v.Variable]; ok || v.DefaultValue == nil {
			continue
		}
		if !own {
			vars, own = make(map[string]any, len(op.VariableDefinitions)), true
			maps.Copy(vars, given)
		}
		vars[v.Variable] = literal(v.DefaultValue, nil)
	}
	return vars
}
