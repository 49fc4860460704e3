package execute

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/fault"
)

const typename = "__typename"

// Refused returns a field of the document that replaces one that must not be resolved:
// it is null, with an error of the given kind at its path. Generated code takes it for
// __typename, which calls nothing.
func Refused(f *ast.Field, why *fault.Error) *ast.Field {
	to := *f
	to.Name, to.Arguments, to.SelectionSet = typename, nil, nil
	to.Directives = append(slices.Clip(slices.Clone(f.Directives)), &ast.Directive{
		Name: refusedDirective, Location: ast.LocationField,
		Arguments: ast.ArgumentList{{Name: why.Kind.Code(), Value: &ast.Value{Raw: why.Message}}},
	})
	return &to
}

// refusedDirective cannot be in a document: its name is not one of GraphQL.
const refusedDirective = "(refused)"

// refusal returns why a field is refused, nil if it is not.
func refusal(f *graphql.CollectedField) error {
	if f.Name != typename {
		return nil
	}
	d := f.Directives.ForName(refusedDirective)
	if d == nil {
		return nil
	}
	kind := fault.Forbidden
	if d.Arguments[0].Name == fault.Unauthenticated.Code() {
		kind = fault.Unauthenticated
	}
	return &fault.Error{Kind: kind, Message: d.Arguments[0].Value.Raw}
}

// refuse makes the refused fields of an object null, with their errors.
func (m *FieldSet) refuse(ctx context.Context) {
	for i := range m.fields {
		why := refusal(&m.fields[i])
		if why == nil {
			continue
		}
		m.Values[i] = graphql.Null
		field := m.fields[i]
		named := *field.Field
		named.Name = field.Definition.Name
		field.Field = &named
		fc := &graphql.FieldContext{Field: field}
		if field.ObjectDefinition != nil {
			fc.Object = field.ObjectDefinition.Name
		}
		graphql.AddError(graphql.WithFieldContext(ctx, fc), why)
	}
}
