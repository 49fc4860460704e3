package engine_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/gateway/engine"
)

var updateMistakes = flag.Bool("update-mistakes", false, "write testdata/mistakes.golden anew")

// mistake is a request of a client that is refused. Its variables are JSON.
type mistake struct{ query, variables, operation string }

// mistakes are what people get wrong: syntax, names, types, variables, operations.
func mistakes() []mistake {
	var all []mistake
	for _, query := range []string{
		// syntax
		`{`,
		`{ hello`,
		`{ hello }}`,
		`hello`,
		`{ hello(name: "you) }`,
		"{ hello(name: \"a\nb\") }",
		`{ hello(name: """you) }`,
		`{ hello(name: 'you') }`,
		`{ hello(name: "\q") }`,
		`{ hello(name: "\u00g1") }`,
		`{ hello(name: ) }`,
		`{ hello() }`,
		`{ hello {} }`,
		`{ sum(of: [1, 2) }`,
		`{ sum(of: [01]) }`,
		`{ sum(of: [1.]) }`,
		`{ hello; me }`,
		`{ a:: hello }`,
		`{ ..Parts }`,
		`{ ... on }`,
		`query ($name String) { hello(name: $name) }`,
		`query (name: String) { hello }`,
		`query Q($n: ) { hello(name: $n) }`,
		`fragment on Query { hello }`,
		`querry { hello }`,
		`type Query { a: Int }`,
		`# nothing`,
		`{ pick(by: {of: 1, of }) }`,
		`{ hello @ }`,
		`{ hello(name: $) }`,
		// names
		`{ helo }`,
		`{ me { nothing } }`,
		`{ hello(nam: "you") }`,
		`{ hello @skipp(if: true) }`,
		`{ hello @skip }`,
		`query ($n: Strin) { hello(name: $n) }`,
		`{ ...Parts }`,
		`{ me { ...P } } fragment P on Quary { hello }`,
		`{ shape { radius } }`,
		`{ shape { ... on Query { hello } } }`,
		`{ hello { length } }`,
		`{ me }`,
		`{ hello } fragment Unused on Query { hello }`,
		`{ hello(name: $n) }`,
		`query ($n: String) { hello }`,
		`query ($n: String, $n: Int) { hello(name: $n) }`,
		`query A { hello } query A { hello }`,
		`query A { hello } { hello }`,
		`{ hello(name: "a", name: "b") }`,
		`{ a: hello a: me { hello } }`,
		`{ a: hello(name: "a") a: hello(name: "b") }`,
		`{ hello @skip(if: true) @skip(if: false) }`,
		`fragment P on Query { hello }`,
		`subscription { ticks waits }`,
		`query ($q: Query) { hello }`,
		// values
		`{ sum }`,
		`{ pick(by: {}) }`,
		`{ pick(by: {of: [1], nte: "a"}) }`,
		`{ pick(by: {of: "a"}) }`,
		`{ pick(by: {of: [1, null]}) }`,
		`{ pick(by: {of: 1}, kind: OD) }`,
		`{ pick(by: {of: 1}, kind: "ODD") }`,
		`{ pick(by: {of: 1}, id: {a: 1}) }`,
		`{ pick(by: {of: 1}, id: 1.5) }`,
		`{ pick(by: {of: 1}, price: "cheap") }`,
		`{ pick(by: {of: 1}, sure: 1) }`,
		`{ pick(by: 1) }`,
		`{ hello(name: 1) }`,
		`{ hello(name: null) }`,
		`query ($n: Int) { hello(name: $n) }`,
		`query ($n: Int = "a") { sum(of: [$n]) }`,
	} {
		all = append(all, mistake{query: query})
	}
	const pick = `query Pick($by: Choice!, $kind: Kind, $id: ID, $price: Float, $sure: Boolean) { pick(by: $by, kind: $kind, id: $id, price: $price, sure: $sure) }`
	for _, variables := range []string{
		`{}`,
		`{"by":null}`,
		`{"by":1}`,
		`{"by":{}}`,
		`{"by":{"of":null}}`,
		`{"by":{"of":["one"]}}`,
		`{"by":{"of":[1,null]}}`,
		`{"by":{"of":1.5}}`,
		`{"by":{"of":{}}}`,
		`{"by":{"of":1,"kind":null}}`,
		`{"by":{"of":1,"nte":"a"}}`,
		`{"by":{"of":1,"next":{"of":[[1]]}}}`,
		`{"by":{"of":1,"next":{"note":["a"]}}}`,
		`{"by":{"of":1},"kind":"OD"}`,
		`{"by":{"of":1},"kind":true}`,
		`{"by":{"of":1},"id":{"a":1}}`,
		`{"by":{"of":1},"id":[1]}`,
		`{"by":{"of":1},"id":true}`,
		`{"by":{"of":1},"id":1.5}`,
		`{"by":{"of":1},"price":"cheap"}`,
		`{"by":{"of":1},"price":{}}`,
		`{"by":{"of":1},"sure":"yes"}`,
		`{"by":{"of":1},"sure":0}`,
	} {
		all = append(all, mistake{query: pick, variables: variables})
	}
	return append(all,
		mistake{query: "query (\n  $n: String!\n) { hello(name: $n) }"},
		mistake{query: `query ($n: String) { hello(name: $n) }`, variables: `{"n":null}`},
		mistake{query: `query ($n: String!) { hello(name: $n) }`, variables: `{"n":{"first":"a"}}`},
		mistake{query: `query ($of: [Int!]!) { sum(of: $of) }`, variables: `{"of":[1,{"a":2}]}`},
		mistake{query: `query ($if: Boolean = true) { hello @skip(if: $if) }`, variables: `{"if":null}`},
		mistake{query: `query A { hello } query B { hello } mutation C { bump }`},
		mistake{query: `query A { hello } query B { hello } mutation C { bump }`, operation: "D"},
		mistake{query: `query A { hello }`, operation: "a"},
		mistake{query: `{ hello }`, operation: "A"},
		mistake{query: `subscription { waits }`},
		mistake{query: `{ hello }`, variables: `[1]`},
	)
}

func TestMistakes_HaveHelpfulMessages(t *testing.T) {
	s := newServer(t, engine.Config{Introspection: true})
	var b strings.Builder
	for _, m := range mistakes() {
		request := map[string]any{"query": m.query}
		fmt.Fprintf(&b, "%s\n", m.query)
		if m.variables != "" {
			request["variables"] = json.RawMessage(m.variables)
			fmt.Fprintf(&b, "variables %s\n", m.variables)
		}
		if m.operation != "" {
			request["operationName"] = m.operation
			fmt.Fprintf(&b, "operationName %s\n", m.operation)
		}
		body, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		errs := s.post(string(body)).answer().Errors
		if len(errs) == 0 {
			t.Errorf("%v is no mistake", m)
		}
		for _, e := range errs {
			fmt.Fprintf(&b, "  %s: %s", e.Extensions["code"], e.Message)
			for _, at := range e.Locations {
				fmt.Fprintf(&b, " (%d:%d)", at.Line, at.Column)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	golden := filepath.Join("testdata", "mistakes.golden")
	if *updateMistakes {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	gotten, wanted := strings.Split(b.String(), "\n\n"), strings.Split(string(want), "\n\n")
	for i, got := range gotten {
		if i >= len(wanted) || got != wanted[i] {
			t.Errorf("got\n%s\nwant\n%s", got, append(wanted, make([]string, len(gotten))...)[i])
		}
	}
}

func TestMistakes_KeepTheSchemaSecret(t *testing.T) {
	for introspection, want := range map[bool]bool{true: true, false: false} {
		s := newServer(t, engine.Config{Introspection: introspection})
		for variables, name := range map[string]string{
			`{"by":{"of":1,"nte":"a"}}`:                 `"note"`,
			`{"by":{"of":1,"next":{"of":1,"knd":"a"}}}`: `"kind"`,
			`{"by":{"of":1,"kind":"OD"}}`:               `EVEN`,
		} {
			message := s.post(`{"query":"query($by: Choice!) { pick(by: $by) }","variables":` + variables + `}`).answer().Errors[0].Message
			if strings.Contains(message, name) != want {
				t.Errorf("introspection %v: %s", introspection, message)
			}
		}
	}
}
