package graph_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tributary/graph"
)

func TestExamples_Valid(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	names, err := fs.Glob(graph.Examples(), "*.graphql")
	if err != nil || len(names) < 4 {
		t.Fatalf("%q, %v", names, err)
	}
	for _, name := range names {
		query, err := fs.ReadFile(graph.Examples(), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gqlparser.LoadQueryWithRules(schema, string(query), rules.NewDefaultRules()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		variables, err := fs.ReadFile(graph.Examples(), strings.TrimSuffix(name, ".graphql")+".json")
		if err != nil || !json.Valid(variables) {
			t.Errorf("the variables of %s: %s, %v", name, variables, err)
		}
	}
}
