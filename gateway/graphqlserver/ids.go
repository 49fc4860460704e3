package graphqlserver

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
)

// checkIDs refuses numbers that are no integers as variables of type ID (GraphQL,
// section 3.5.5). As literals the validator refuses them; variables come with
// their digits, which it takes for a string.
func checkIDs(op *graphql.OperationContext) *Result {
	for _, v := range op.Operation.VariableDefinitions {
		if v.Type.Name() != "ID" {
			continue
		}
		if number := fraction(op.Variables[v.Variable]); number != "" {
			return refuse(fault.BadUserInput, gqlerror.List{{Locations: locate(v.Position), Message: fmt.Sprintf(
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
