package execute_test

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tributary/gateway/execute"
)

// Numbers keep their digits wherever a document has them.
func TestArgumentMap_Digits(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		scalar Decimal
		scalar Int64
		input Range { from: Decimal to: Decimal }
		type Query {
			f(d: Decimal, i: Int64, n: Int, x: Float, id: ID, s: String, e: E, b: Boolean, l: [Decimal], r: Range, many: [Range!]): Int
			default(d: Decimal = 1.10, i: Int64 = 9223372036854775808): Int
		}
		enum E { A }`})
	for _, tt := range []struct{ query, vars, want string }{
		{`{ f(d: 1.0) }`, `{}`, `{"d":1.0}`},
		{`{ f(d: 0.10000000000000000555) }`, `{}`, `{"d":0.10000000000000000555}`},
		{`{ f(d: 1e2) }`, `{}`, `{"d":1e2}`},
		{`{ f(d: -0.0) }`, `{}`, `{"d":-0.0}`},
		{`{ f(d: 123456789012345678901234567890) }`, `{}`, `{"d":123456789012345678901234567890}`},
		{`{ f(i: 9223372036854775807) }`, `{}`, `{"i":9223372036854775807}`},
		{`{ f(i: 99999999999999999999) }`, `{}`, `{"i":99999999999999999999}`},
		{`{ f(n: 7, x: 1.50, s: "1.50", e: A, b: true) }`, `{}`, `{"b":true,"e":"A","n":7,"s":"1.50","x":1.50}`},
		{`{ f(l: [1.0, 2.00]) }`, `{}`, `{"l":[1.0,2.00]}`},
		{`{ f(r: {from: 1.0, to: null}, many: [{to: 3.0}]) }`, `{}`, `{"many":[{"to":3.0}],"r":{"from":1.0,"to":null}}`},
		{`query($d: Decimal) { f(d: $d) }`, `{"d": 1.0}`, `{"d":1.0}`},
		{`query($d: Decimal) { f(d: $d, l: [1.0, $d]) }`, `{"d": 1.10}`, `{"d":1.10,"l":[1.0,1.10]}`},
		{`query($d: Decimal) { f(d: $d, r: {from: $d, to: 1.0}) }`, `{}`, `{"r":{"to":1.0}}`},
		{`query($d: Decimal = 1.0, $r: Range = {to: 2.0}) { f(d: $d, r: $r) }`, `{}`, `{"d":1.0,"r":{"to":2.0}}`},
		{`query($d: Decimal = 1.0) { f(d: $d) }`, `{"d": null}`, `{"d":null}`},
		{`query($d: Decimal) { default(d: $d) }`, `{}`, `{"d":1.10,"i":9223372036854775808}`},
		{`{ default(d: 2.0, i: null) }`, `{}`, `{"d":2.0,"i":null}`},
	} {
		doc, errs := gqlparser.LoadQueryWithRules(schema, tt.query, rules.NewDefaultRules())
		if errs != nil {
			t.Errorf("%s: %v", tt.query, errs)
			continue
		}
		op := doc.Operations[0]
		vars := execute.WithDefaults(op, variables(t, tt.vars))
		got, err := json.Marshal(execute.ArgumentMap(op.SelectionSet[0].(*ast.Field), vars))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s with %s: got %s (%v), want %s", tt.query, tt.vars, got, err, tt.want)
		}
	}
}

// variables returns variables as the server decodes them.
func variables(t *testing.T, text string) map[string]any {
	t.Helper()
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	vars := map[string]any{}
	for name, v := range raw {
		if string(v) == "null" {
			vars[name] = nil
		} else {
			vars[name] = json.Number(v)
		}
	}
	return vars
}
