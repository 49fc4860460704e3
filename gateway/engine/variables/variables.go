// Package variables decodes the variables of operations and checks their values (GraphQL,
// section 6.1.2).
package variables

import (
	"encoding/json"
	"errors"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/internal/strictjson"
)

// Decode decodes those variables of raw, a JSON object, that an operation declares, and
// ignores all others. It returns about how many bytes the decoded variables take.
func Decode(op *ast.OperationDefinition, raw json.RawMessage) (values map[string]any, size int, refused *refusal.Refusal) {
	declared := make(map[string]bool, len(op.VariableDefinitions))
	for _, v := range op.VariableDefinitions {
		declared[v.Variable] = true
	}
	values = make(map[string]any, len(declared))
	var failed error
	err := strictjson.EachMember(raw, func(name []byte, value json.RawMessage) {
		if !declared[string(name)] {
			return
		}
		size += len(value) + strictjson.CountValues(value)*limits.ValueBytes
		v, err := strictjson.Decode(value)
		failed = errors.Join(failed, err)
		values[string(name)] = v
	})
	if errors.Join(err, failed) != nil {
		refused = refusal.Of(fault.BadUserInput, "variables must be an object")
		refused.Malformed = true
	}
	return values, size, refused
}
