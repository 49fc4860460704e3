package document

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// ruleEmptyObject refuses {} where a scalar or an enum is wanted. The library looks
// for fields of an object that its type has not, and finds none: execution would
// get it, and panic where it decides what to skip.
var ruleEmptyObject = core.Rule{
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

// ruleLongInteger lets integers of more than 64 bits stand where any integer may: as ID, which
// is a string of its digits, and as Float. The library takes them for no integers. It is a
// rule that has to come before that of values.
var ruleLongInteger = core.Rule{
	Name: "LongIntegers",
	RuleFunc: func(observers *core.Events, _ core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, v *ast.Value) {
			if v.Kind != ast.IntValue || v.Definition == nil {
				return
			}
			if _, err := strconv.ParseInt(v.Raw, 10, 64); err == nil {
				return
			}
			switch v.Definition.Name {
			case "ID":
				v.Kind = ast.StringValue
			case "Float":
				v.Kind = ast.FloatValue
			}
		})
	},
}
