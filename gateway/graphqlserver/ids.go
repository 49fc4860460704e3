package graphqlserver

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/fault"
)

// checkIDs refuses numbers that are no integers as variables of type ID (GraphQL,
// section 3.5.5). As literals the validator refuses them; variables come with
// their digits, which it takes for a string.
func checkIDs(op *graphql.OperationContext) *Result {
	for _, v := range op.Operation.VariableDefinitions {
		if v.Type.Name() == "ID" && hasFraction(op.Variables[v.Variable]) {
			return refuseOne(fault.BadUserInput, "variable."+v.Variable+" cannot use a number that is not an integer as ID")
		}
	}
	return nil
}

func hasFraction(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return strings.ContainsAny(string(v), ".eE")
	case []any:
		return slices.ContainsFunc(v, hasFraction)
	case []json.Number: // one that stands for a list
		return hasFraction(v[0])
	}
	return false
}
