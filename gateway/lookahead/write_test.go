package lookahead_test

import (
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"tributary/gateway/lookahead"
)

// A write that loads something first costs both: the keys in its input, each once, and one
// write. What is selected below it is counted once, below the write.
func TestWrite_AfterLoads(t *testing.T) {
	lib := newLibrary()
	lib.schema = gqlparser.MustLoadSchema(&ast.Source{Input: sdl + `
		input Wish { id: ID! }
		input Wishes { list: [Wish!]! one: Wish }
		extend type Mutation { request(wishes: Wishes!, ids: [Wish!]): Author }`})
	printers := lookahead.One(load(lib, "printer", func(id string) *printer { return &printer{id} }),
		func(id string) *printer { return &printer{id} })
	for name, tt := range map[string]struct {
		from      *lookahead.Keys
		arguments string
		want      int
	}{
		"a list in an input":   {lookahead.Arg("wishes", "list", "id"), `(wishes: {list: [{id: "p1"}, {id: 2}]})`, 2},
		"keys that repeat":     {lookahead.Arg("wishes", "list", "id"), `(wishes: {list: [{id: "p1"}, {id: "p1"}]})`, 1},
		"no list":              {lookahead.Arg("wishes", "list", "id"), `(wishes: {list: {id: "p1"}})`, 1},
		"an empty list":        {lookahead.Arg("wishes", "list", "id"), `(wishes: {list: []})`, 0},
		"an object":            {lookahead.Arg("wishes", "one", "id"), `(wishes: {list: [], one: {id: "p1"}})`, 1},
		"an absent object":     {lookahead.Arg("wishes", "one", "id"), `(wishes: {list: []})`, 0},
		"a list of objects":    {lookahead.Arg("ids", "id"), `(wishes: {list: []}, ids: [{id: 1}, {id: 2}, {id: 3}])`, 3},
		"an argument not sent": {lookahead.Arg("ids", "id"), `(wishes: {list: []})`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			lib.joins["Mutation.request"] = lookahead.Write("press", 1).After(printers.By(tt.from))
			plan, err := lookahead.New(lib.schema, lib.joins)
			if err != nil {
				t.Fatal(err)
			}
			doc, errs := gqlparser.LoadQueryWithRules(lib.schema, `mutation { request`+tt.arguments+` { agent { id } } }`, rules.NewDefaultRules())
			if errs != nil {
				t.Fatal(errs)
			}
			cost := plan.Cost(&graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]})
			got := map[string]int{}
			for _, s := range cost.Services {
				got[s.Service] = s.Keys
			}
			// The loaders of the library have no service: printers, and the agent.
			if want := tt.want + 1; got["press"] != 1 || got[""] != want {
				text, _ := json.Marshal(cost)
				t.Errorf("%s, want 1 write and %d loads", text, want)
			}
		})
	}
}
