package engine_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/internal/testgraph"
)

// execute runs a query on the graph of the library's tests.
func execute(t *testing.T, cfg engine.Config, query string) *engine.Result {
	t.Helper()
	g := testgraph.Assemble(t)
	server := engine.New(cfg, engine.Deps{Schema: g.Schema, Plan: g.Plan, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	return server.Execute(context.Background(), engine.Request{Query: query})
}

func TestIntrospection_On(t *testing.T) {
	for name, query := range map[string]string{
		"the schema":          `{ __schema { types { name fields { name type { name ofType { name ofType { name } } } } } } }`,
		"a type":              `{ __type(name: "Author") { name } }`,
		"behind a fragment":   `{ ...f } fragment f on Query { __schema { queryType { name } } }`,
		"behind a condition":  `{ ... on Query { __type(name: "Author") { name } } }`,
		"under another name":  `{ a: __schema { queryType { name } } }`,
		"beside other fields": `{ author(id: "a1") { id } __schema { queryType { name } } }`,
		"not skipped":         `{ __schema @skip(if: false) { queryType { name } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			on := execute(t, engine.Config{Introspection: true}, query)
			if len(on.Errors) > 0 || !strings.Contains(string(on.Data), `"name":"`) {
				t.Errorf("on: %s, %v", on.Data, on.Errors)
			}
			off := execute(t, engine.Config{}, query)
			if off.Data != nil || len(off.Errors) != 1 || off.Errors[0].Extensions["code"] != "GRAPHQL_VALIDATION_FAILED" || len(off.Errors[0].Locations) != 1 {
				t.Errorf("off: %s, %v", off.Data, off.Errors)
			}
		})
	}
}

func TestIntrospection_Typename(t *testing.T) {
	got := execute(t, engine.Config{}, `{ __typename author(id: "a1") { __typename books { t: __typename } } }`)
	if want := `{"__typename":"Query","author":{"__typename":"Author","books":[{"t":"Book"},{"t":"Book"},{"t":"Book"}]}}`; string(got.Data) != want || len(got.Errors) > 0 {
		t.Errorf("got %s, %v, want %s", got.Data, got.Errors, want)
	}
}

func TestIntrospection_Suggestions(t *testing.T) {
	for name, query := range map[string]string{
		"a field":     `{ author(id: "a1") { nam } }`,
		"a root":      `{ athor(id: "a1") { id } }`,
		"an argument": `{ author(idd: "a1") { id } }`,
		"fields":      `{ author(id: "a1") { books } }`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, on := range []bool{true, false} {
				got := execute(t, engine.Config{Introspection: on}, query)
				if suggested := strings.Contains(got.Errors.Error(), "Did you mean"); suggested != on {
					t.Errorf("introspection %v: %v", on, got.Errors)
				}
			}
		})
	}
}

func TestIntrospection_NullAsSpecified(t *testing.T) {
	got := execute(t, engine.Config{Introspection: true}, `{
		object: __type(name: "Author") { ...lists } scalar: __type(name: "ID") { ...lists } enum: __type(name: "__TypeKind") { ...lists }
		unused: __type(name: "Float") { name } __schema { types { name } }
	} fragment lists on __Type { fields { args { name } } interfaces { name } possibleTypes { name } enumValues { name } inputFields { name } isOneOf }`)
	var data struct {
		Object, Scalar, Enum map[string]any
		Unused               *struct{}
		Schema               struct{ Types []struct{ Name string } } `json:"__schema"`
	}
	if err := json.Unmarshal(got.Data, &data); err != nil || len(got.Errors) > 0 {
		t.Fatal(err, got.Errors)
	}
	for name, tt := range map[string]struct {
		got  map[string]any
		want []string
	}{
		"object": {data.Object, []string{"fields", "interfaces"}},
		"scalar": {data.Scalar, nil},
		"enum":   {data.Enum, []string{"enumValues"}},
	} {
		maps.DeleteFunc(tt.got, func(_ string, value any) bool { return value == nil })
		if has := slices.Sorted(maps.Keys(tt.got)); !slices.Equal(has, tt.want) {
			t.Errorf("%s has %q, want %q", name, has, tt.want)
		}
	}
	if data.Unused != nil || slices.ContainsFunc(data.Schema.Types, func(t struct{ Name string }) bool { return t.Name == "Float" }) {
		t.Error("Float, which nothing refers to, is in the schema")
	}
}
