package graphqlserver

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// emptyObjects refuses {} where a scalar or an enum is wanted. The library looks
// for fields of an object that its type has not, and finds none: execution would
// get it, and panic where it decides what to skip.
var emptyObjects = core.Rule{
	Name: "EmptyObjects",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Kind == ast.ObjectValue && len(v.Children) == 0 && takesNoObject(v.Definition) {
				addError(core.Message("%s cannot represent an object.", v.Definition.Name), core.At(v.Position))
			}
		})
	},
}

// takesNoObject tells whether no object is a value of a type; scalars of the
// schema's own may be anything.
func takesNoObject(def *ast.Definition) bool {
	return def != nil && (def.Kind == ast.Enum || slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, def.Name))
}
