package graphqlserver_test

import (
	"context"
	"strings"
	"testing"

	"tributary/gateway/graphqlserver"
	"tributary/internal/graphtest"
	"tributary/internal/upstreamtest"
)

// execute runs a query on the real graph.
func execute(t *testing.T, cfg graphqlserver.Config, query string) *graphqlserver.Result {
	t.Helper()
	with := graphtest.Usual()
	with.GraphQL = cfg
	server, stop, err := graphtest.New(upstreamtest.New(t, upstreamtest.Shop(1, 1, 1, 1)), with)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	return server.Execute(context.Background(), graphqlserver.Request{Query: query})
}

func TestTheSchemaIsToldWhereIntrospectionIsOn(t *testing.T) {
	for name, query := range map[string]string{
		"the schema":          `{ __schema { types { name fields { name type { name ofType { name ofType { name } } } } } } }`,
		"a type":              `{ __type(name: "User") { name } }`,
		"behind a fragment":   `{ ...f } fragment f on Query { __schema { queryType { name } } }`,
		"behind a condition":  `{ ... on Query { __type(name: "User") { name } } }`,
		"under another name":  `{ a: __schema { queryType { name } } }`,
		"beside other fields": `{ user(id: "u1") { id } __schema { queryType { name } } }`,
		"not skipped":         `{ __schema @skip(if: false) { queryType { name } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			on := execute(t, graphqlserver.Config{Introspection: true}, query)
			if len(on.Errors) > 0 || !strings.Contains(string(on.Data), `"name":"`) {
				t.Errorf("on: %s, %v", on.Data, on.Errors)
			}
			off := execute(t, graphqlserver.Config{}, query)
			if off.Data != nil || len(off.Errors) != 1 || off.Errors[0].Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" || len(off.Errors[0].Locations) != 1 {
				t.Errorf("off: %s, %v", off.Data, off.Errors)
			}
		})
	}
}

func TestTheNameOfATypeIsAlwaysTold(t *testing.T) {
	got := execute(t, graphqlserver.Config{}, `{ __typename user(id: "u1") { __typename orders { t: __typename } } }`)
	if want := `{"__typename":"Query","user":{"__typename":"User","orders":[{"t":"Order"}]}}`; string(got.Data) != want || len(got.Errors) > 0 {
		t.Errorf("got %s, %v, want %s", got.Data, got.Errors, want)
	}
}

func TestNamesAreSuggestedOnlyWhereIntrospectionIsOn(t *testing.T) {
	for name, query := range map[string]string{
		"a field":     `{ user(id: "u1") { usernam } }`,
		"a root":      `{ usr(id: "u1") { id } }`,
		"an argument": `{ user(idd: "u1") { id } }`,
		"fields":      `{ user(id: "u1") { orders } }`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, on := range []bool{true, false} {
				got := execute(t, graphqlserver.Config{Introspection: on}, query)
				if suggested := strings.Contains(got.Errors.Error(), "Did you mean"); suggested != on {
					t.Errorf("introspection %v: %v", on, got.Errors)
				}
			}
		})
	}
}
