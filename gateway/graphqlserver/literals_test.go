package graphqlserver_test

import (
	"encoding/json"
	"testing"

	"tributary/gateway/graphqlserver"
)

func TestAnObjectIsNoScalarThoughItIsEmpty(t *testing.T) {
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
			newServer(t, graphqlserver.Config{}).post(string(body)).expect(422, "GRAPHQL_VALIDATION_FAILED")
		})
	}
}
