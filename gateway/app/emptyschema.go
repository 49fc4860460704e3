package app

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// emptySchema is the executable schema of a [Graph] without one, so that a new project
// starts. GraphQL requires that a query type has a field: its only field is null.
type emptySchema struct{ parsed *ast.Schema }

func newEmptySchema() emptySchema {
	return emptySchema{gqlparser.MustLoadSchema(&ast.Source{Name: "empty.graphqls", Input: `type Query {
  "This project has no schema yet."
  nothing: Boolean
}`})}
}

// Schema implements [graphql.ExecutableSchema].
func (s emptySchema) Schema() *ast.Schema { return s.parsed }

// Complexity implements [graphql.ExecutableSchema]: fields have no complexity of their own.
func (emptySchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// Exec implements [graphql.ExecutableSchema]. Every field but __typename is null.
func (emptySchema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"})
	data := graphql.NewFieldSet(fields)
	for i, f := range fields {
		data.Values[i] = graphql.Null
		if f.Name == "__typename" {
			data.Values[i] = graphql.MarshalString("Query")
		}
	}
	var b bytes.Buffer
	data.MarshalGQL(&b)
	return graphql.OneShot(&graphql.Response{Data: b.Bytes()})
}
