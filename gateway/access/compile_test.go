package access_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/access"
)

const directives = `directive @authenticated on FIELD_DEFINITION | OBJECT
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT
`

func TestCompile_Rules(t *testing.T) {
	for name, tt := range map[string]struct{ schema, want string }{
		"a field":   {`type Query { a: Int @authenticated b: Int }`, `Query.a []`},
		"scopes":    {`type Query { a: Int @requiresScopes(scopes: [["x", "y"], ["z"]]) }`, `Query.a [[[x y] [z]]]`},
		"one scope": {`type Query { a: Int @requiresScopes(scopes: "x") }`, `Query.a [[[x]]]`},
		"both":      {`type Query { a: Int @authenticated @requiresScopes(scopes: [["x"]]) }`, `Query.a [[[x]]]`},
		"a type": {`type Query { t: T l: [T!] } type T @requiresScopes(scopes: [["x"]]) { n: Int! t: T }`,
			`Query.l [[[x]]] Query.t [[[x]]] T.t [[[x]]]`},
		"a type and a field": {`type Query { t: T @requiresScopes(scopes: [["y"]]) } type T @requiresScopes(scopes: [["x"]]) { n: Int! }`, `Query.t [[[y]] [[x]]]`},
		"a union's member":   {`type Query { u: U } union U = T | V type T @authenticated { n: Int } type V { n: Int }`, `Query.u []`},
		"an interface": {`type Query { i: I } interface I { n: Int @authenticated m: Int } type T implements I { n: Int m: Int @requiresScopes(scopes: [["x"]]) }`,
			`I.m [[[x]]] I.n [] T.m [[[x]]] T.n []`},
		"a mutation": {`type Query { a: Int } type Mutation { m: Int @authenticated }`, `Mutation.m []`},
	} {
		rules, err := access.Compile(parse(t, tt.schema))
		var got []string
		for _, c := range slices.Sorted(maps.Keys(rules)) {
			got = append(got, fmt.Sprint(c, " ", rules[c].Scopes))
		}
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s %v, want %s", name, got, err, tt.want)
		}
	}
}

func TestCompile_NonNull(t *testing.T) {
	for name, schema := range map[string]string{
		"a field":              `type Query { a: Int! @authenticated }`,
		"a list":               `type Query { a: [Int]! @requiresScopes(scopes: [["x"]]) }`,
		"of a type":            `type Query { a: T! } type T @authenticated { n: Int }`,
		"a list of a type":     `type Query { a: [T]! } type T @authenticated { n: Int }`,
		"of a union":           `type Query { a: U! } union U = T type T @authenticated { n: Int }`,
		"by an interface":      `type Query { a: I } interface I { n: Int @authenticated } type T implements I { n: Int! }`,
		"of a type far away":   `type Query { a: Int b: V } type V { t: T! } type T @authenticated { n: Int }`,
		"a mutation's payload": `type Query { a: Int } type Mutation { m: T! } type T @authenticated { n: Int }`,
	} {
		if rules, err := access.Compile(parse(t, schema)); err == nil || !strings.Contains(err.Error(), "must be nullable") {
			t.Errorf("%s: %v %v", name, rules, err)
		}
	}
}

func parse(t *testing.T, schema string) *ast.Schema {
	t.Helper()
	parsed, err := gqlparser.LoadSchema(&ast.Source{Input: directives + schema})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
