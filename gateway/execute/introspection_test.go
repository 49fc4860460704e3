package execute_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/execute"
)

// Each kind of type has the members that the specification gives it, and null for others.
func TestTypeMember_NullByKind(t *testing.T) {
	s := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { n: N! u: U s(i: I o: O): [D] e: E }
		interface N { id: ID } type A implements N { id: ID } type B { id: ID }
		union U = A | B  scalar D  enum E { X }  input I { id: ID }  input O @oneOf { a: ID b: ID }`})
	members := []string{"enumValues", "fields", "inputFields", "interfaces", "isOneOf", "name", "ofType", "possibleTypes"}
	types := map[string]*introspection.Type{
		"NON_NULL": introspection.WrapTypeFromType(s, ast.NonNullNamedType("N", nil)),
		"LIST":     introspection.WrapTypeFromType(s, ast.ListType(ast.NamedType("D", nil), nil)),
	}
	for _, name := range []string{"Query", "N", "U", "D", "E", "I", "O", "Int", "__Type"} {
		types[name] = introspection.WrapTypeFromDef(s, s.Types[name])
	}
	for name, want := range map[string][]string{
		"Query": {"fields", "interfaces"}, "__Type": {"fields", "interfaces"},
		"N": {"fields", "interfaces", "possibleTypes"}, "U": {"possibleTypes"},
		"D": nil, "Int": nil, "NON_NULL": nil, "LIST": nil,
		"E": {"enumValues"}, "I": {"inputFields", "isOneOf"}, "O": {"inputFields", "isOneOf"},
	} {
		got := slices.DeleteFunc(slices.Clone(members), func(member string) bool {
			return member == "name" || member == "ofType" || execute.TypeMember(types[name], member, false) == nil
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
		if execute.TypeMember(types[name], "name", "x") != "x" || execute.TypeMember(types[name], "ofType", "x") != "x" {
			t.Errorf("%s has no name or no ofType", name)
		}
	}
}

func TestSchema_UnusedBuiltInScalars(t *testing.T) {
	for sdl, want := range map[string][]string{
		`type Query { a: String }`:                                          {"Boolean", "String"},
		`type Query { a: [[Float!]!] }`:                                     {"Boolean", "Float", "String"},
		`type Query { a(i: I): String } input I { f: Int }`:                 {"Boolean", "Int", "String"},
		`type Query { a(f: ID): String }`:                                   {"Boolean", "ID", "String"},
		`directive @d(f: Float) on FIELD  type Query { a: String }`:         {"Boolean", "Float", "String"},
		`interface N { i: Int } type Query implements N { i: Int  n: N }`:   {"Boolean", "Int", "String"},
		`scalar Decimal @specifiedBy(url: "x")  type Query { a: Decimal  }`: {"Boolean", "Decimal", "String"},
		`scalar Own  type Query { a: String }`:                              {"Boolean", "Own", "String"},
	} {
		s := execute.Schema(gqlparser.MustLoadSchema(&ast.Source{Input: sdl}))
		got := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Types)), func(name string) bool { return s.Types[name].Kind != ast.Scalar })
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", sdl, got, want)
		}
	}
}
