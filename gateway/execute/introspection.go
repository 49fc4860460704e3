package execute

import (
	"slices"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
)

// membersOf has the kinds of types that members of __Type belong to (GraphQL, section 4.5).
// The others have them all.
var membersOf = map[string][]ast.DefinitionKind{
	"fields":        {ast.Object, ast.Interface},
	"interfaces":    {ast.Object, ast.Interface},
	"possibleTypes": {ast.Interface, ast.Union},
	"enumValues":    {ast.Enum},
	"inputFields":   {ast.InputObject},
	"isOneOf":       {ast.InputObject},
}

// TypeMember returns the value of a member of __Type, or nil for a kind of type that does
// not have it: there the specification requires null, where gqlgen has an empty list or
// false.
func TypeMember(t *introspection.Type, member string, value any) any {
	if kinds := membersOf[member]; kinds != nil && !slices.Contains(kinds, ast.DefinitionKind(t.Kind())) {
		return nil
	}
	return value
}

// Schema returns a schema without the built-in scalars that nothing in it refers to, which
// it must not have (GraphQL, section 3.5). The parser adds them all.
func Schema(s *ast.Schema) *ast.Schema {
	used := map[string]bool{}
	use := func(args ast.ArgumentDefinitionList) {
		for _, arg := range args {
			used[arg.Type.Name()] = true
		}
	}
	for _, d := range s.Directives {
		use(d.Arguments)
	}
	for _, t := range s.Types {
		for _, f := range t.Fields {
			used[f.Type.Name()] = true
			use(f.Arguments)
		}
	}
	for name, t := range s.Types {
		if t.BuiltIn && t.Kind == ast.Scalar && !used[name] {
			delete(s.Types, name)
		}
	}
	return s
}
