package graphqlserver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/fault"
)

// badArgument returns the failure of a field one of whose arguments could not be read, such
// as an Int of more than 32 bits in a variable, and the path of the field. at is the path of
// err, which leads to the argument and into it. For any other error it returns nil.
func badArgument(ctx context.Context, at ast.Path, err error) (*fault.Error, ast.Path) {
	fc := graphql.GetFieldContext(ctx)
	if _, classified := errors.AsType[*fault.Error](err); classified || fc == nil || fc.Field.Definition == nil {
		return nil, nil
	}
	path := fc.Path()
	if len(at) <= len(path) || !slices.Equal(at[:len(path)], path) {
		return nil, nil
	}
	name, ok := at[len(path)].(ast.PathName)
	if !ok || fc.Field.Definition.Arguments.ForName(string(name)) == nil {
		return nil, nil
	}
	argument := strings.TrimPrefix(at[len(path):].String(), ".")
	return fault.BadInput("%s has a value that is not one of its type", argument), path
}
