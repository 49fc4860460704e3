package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tributary/graph"
)

func TestExamplesFitTheSchema(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	all := graph.Examples()
	if len(all) < 4 {
		t.Fatalf("%d examples", len(all))
	}
	for _, example := range all {
		if _, err := gqlparser.LoadQueryWithRules(schema, example.Query, rules.NewDefaultRules()); err != nil {
			t.Errorf("%v in %s", err, example.Query)
		}
		if !json.Valid([]byte(example.Variables)) {
			t.Errorf("not JSON: %s", example.Variables)
		}
	}
}
