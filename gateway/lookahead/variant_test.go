package lookahead_test

import (
	"testing"
	"testing/synctest"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/lookahead"
)

// variants is a library that is searched for what may be an author, an agent or a book.
func variants() *library {
	lib := newLibrary()
	lib.schema = gqlparser.MustLoadSchema(&ast.Source{Input: sdl + `
union Found = Author | Agent | Book
type Shelved implements Named { name: String printer(id: ID!): Printer }
extend type Query { found(id: ID!): Found search(text: String!): [Found!] named(id: ID!): Named }
`})
	one := func(id string) any {
		switch id {
		case "author":
			return &author{ID: "a1", AgentID: "g1"}
		case "agent":
			return &agent{ID: "g2", PrinterID: "p2"}
		}
		return &book{AuthorID: "a3", Printers: []string{"p3"}}
	}
	found := lookahead.Variant(load[any](lib, "found", func(id string) any { return one(id) }))
	lib.joins["Query.found"] = found.By(lookahead.Arg("id"))
	lib.joins["Query.named"] = found.By(lookahead.Arg("id"))
	lib.joins["Query.search"] = lookahead.Many(load(lib, "search", func(string) []any {
		return []any{one("author"), one("agent"), one("book")}
	}), 10, func(string) any { return nil }).By(lookahead.Arg("text"))
	printers := lookahead.One(load(lib, "printer", func(id string) *printer { return &printer{id} }), func(id string) *printer { return &printer{id} })
	lib.joins["Shelved.printer"] = printers.By(lookahead.Arg("id"))
	return lib
}

// What is below a union or an interface is loaded as soon as a value and its type are known,
// and what is below a type that a value does not have is not.
func TestVariant_LoadsBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := variants()
		lib.start(t, `{ found(id: "author") { ... on Author { agent { printer { id } } } ... on Agent { printer { id } } } }`, nil)
		lib.expect(t, "found author")
		lib.answer("found author")
		lib.expect(t, "agent g1")
		lib.answer("agent g1")
		lib.expect(t, "printer p-g1")
		lib.answer("printer p-g1")
	})
	synctest.Test(t, func(t *testing.T) {
		lib := variants()
		lib.start(t, `{ search(text: "x") { ... on Author { agent { name } } ... on Agent { printer { id } } ... on Book { author { name } editions { printer { id } } } } }`, nil)
		lib.expect(t, "search x")
		lib.answer("search x")
		lib.expect(t, "agent g1", "author a3", "printer p2 p3") // in one batch
		lib.answer("agent g1", "author a3", "printer p2 p3")
	})
	synctest.Test(t, func(t *testing.T) {
		lib := variants()
		lib.start(t, `{ named(id: "agent") { name ... on Shelved { printer(id: "p9") { id } } ... on Agent { printer { id } } } }`, nil)
		lib.expect(t, "found agent")
		lib.answer("found agent")
		lib.expect(t, "printer p2")
		lib.answer("printer p2")
	})
}

// Values have one type each: fields of several types count once for each value.
func TestVariant_CostsBelow(t *testing.T) {
	for name, tt := range map[string]struct {
		query string
		keys  int
	}{
		"one of several types":     {`{ found(id: "x") { ... on Author { agent { name } } ... on Book { author { name } } } }`, 3},
		"one loader, two types":    {`{ found(id: "x") { ... on Agent { printer { id } } ... on Book { editions { printer { id } } } } }`, 1 + 1 + 10},
		"a list":                   {`{ search(text: "x") { ... on Author { agent { name } } } }`, 1 + 10},
		"a list, two fields":       {`{ search(text: "x") { ... on Author { agent { printer { id } } books { author { name } } } ... on Agent { printer { id } } } }`, 1 + 10 + 10 + 10 + 10 + 100},
		"an interface":             {`{ named(id: "x") { name ... on Agent { printer { id } } } }`, 2},
		"an argument of a variant": {`{ named(id: "x") { ... on Shelved { printer(id: "p1") { id } other: printer(id: "p2") { id } } } }`, 3},
		"nothing that loads":       {`{ found(id: "x") { __typename ... on Author { name } } }`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			lib := variants()
			_, keys := lib.keys(t, tt.query)
			if keys != tt.keys {
				t.Errorf("%d keys, want %d", keys, tt.keys)
			}
		})
	}
}
