package engine

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"tributary/gateway/internal/digest"
	"tributary/gateway/responsecache"
)

// responseKey is the key of a query in the response cache. It is equal for queries whose
// documents differ at most in whitespace, commas and comments, and whose operations,
// declared variables and schemas are the same, so that their answers can only differ if
// the entities do. Variables are those that the operation declares, as JSON.
func responseKey(version responsecache.Key, op *operation, variables []byte) responsecache.Key {
	d := digest.NewSequence()
	d.Bytes(version[:])
	d.Bytes(op.document.Tokens[:])
	d.Text(op.definition.Name)
	d.Bytes(variables)
	return responsecache.Key(d.Sum())
}

// declaredVariables returns the variables of an operation that it declares, in the
// order of the declarations, as a JSON object, or nil if there are none. It is not ok if they are not JSON.
func declaredVariables(op *operation) (object []byte, ok bool) {
	before := byte('{')
	for _, v := range op.definition.VariableDefinitions {
		value, given := op.Variables[v.Variable]
		if !given { // not the same as null
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, false
		}
		object = append(strconv.AppendQuote(append(object, before), v.Variable), ':')
		object = append(object, text...)
		before = ','
	}
	if object == nil {
		return nil, true
	}
	return append(object, '}'), true
}

// versionOf returns a digest of a schema.
func versionOf(schema *ast.Schema) responsecache.Key {
	d := digest.NewSequence()
	formatter.NewFormatter(d).FormatSchema(schema)
	return responsecache.Key(d.Sum())
}
