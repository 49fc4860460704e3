package engine_test

import (
	"encoding/json"
	"testing"

	"tributary/gateway/engine"
)

func TestLiterals_EmptyObject(t *testing.T) {
	for _, query := range []string{
		`{ hello(name: {}) }`,
		`{ sum(of: {}) }`,
		`{ sum(of: [1, {}]) }`,
		`{ hello @include(if: {}) }`,
		`{ me { hello @skip(if: {}) } }`,
		`{ ... @include(if: {}) { hello } }`,
		`{ ...f @skip(if: {}) } fragment f on Query { hello }`,
		`{ ... @defer(if: {}) { hello } }`,
		`query($n: String = {}) { hello(name: $n) }`,
	} {
		t.Run(query, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"query": query})
			if err != nil {
				t.Fatal(err)
			}
			newServer(t, engine.Config{}).post(string(body)).expect(422, "GRAPHQL_VALIDATION_FAILED")
		})
	}
}

func TestLiterals_LongIntegers(t *testing.T) {
	for query, ok := range map[string]bool{
		`{ author(id: 9223372036854775807) { id } }`:                             true,
		`{ author(id: 9223372036854775808) { id } }`:                             true,
		`{ author(id: -9223372036854775809) { id } }`:                            true,
		`{ author(id: 18446744073709551616) { id } }`:                            true,
		`{ authors(ids: [1, 99999999999999999999999999]) { id } }`:               true,
		`{ authors(ids: 99999999999999999999999999) { id } }`:                    true,
		`query ($id: ID! = 9223372036854775808) { author(id: $id) { id } }`:      true,
		`query ($id: [ID!]! = [9223372036854775808]) { books(ids: $id) { id } }`: true,
		`{ author(id: 9223372036854775808.0) { id } }`:                           false,
		`{ author(id: 1e30) { id } }`:                                            false,
		`{ __typename @skip(if: 9223372036854775808) }`:                          false,
		`{ __type(name: 9223372036854775808) { name } }`:                         false,
	} {
		got := execute(t, engine.Config{Introspection: true}, query)
		if (len(got.Errors) == 0) != ok {
			t.Errorf("%s: %s %v", query, got.Data, got.Errors)
		}
	}
}
