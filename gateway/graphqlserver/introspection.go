package graphqlserver

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
)

// refuseIntrospection refuses an operation that asks for the schema where that
// is off: as a whole, like any field that does not exist.
func refuseIntrospection(op *graphql.OperationContext) *Result {
	if !op.DisableIntrospection {
		return nil
	}
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if f.Name == "__schema" || f.Name == "__type" {
			return refuse(fault.ValidationFailed, gqlerror.List{
				gqlerror.ErrorPosf(f.Position, "introspection is disabled: %s cannot be queried", f.Name)})
		}
	}
	return nil
}
