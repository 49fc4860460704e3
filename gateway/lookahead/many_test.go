package lookahead_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/lookahead"
)

// The numbers of loaders are random, so that with many others those of the query are
// beyond any machine word in most runs.
func TestPlan_ManyLoaders(t *testing.T) {
	for _, others := range []int{0, 59, 60, 61, 124, 1000} {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lib := newLibrary()
				var fields strings.Builder
				for i := range others {
					name := fmt.Sprintf("other%d", i)
					fmt.Fprintf(&fields, "%s(id: ID!): Printer\n", name)
					lib.joins["Query."+name] = lookahead.One(
						load(lib, name, func(id string) *printer { return &printer{id} }),
						func(id string) *printer { return &printer{id} }).By(lookahead.Arg("id"))
				}
				text := sdl
				if others > 0 {
					text += "extend type Query {" + fields.String() + "}"
				}
				lib.schema = gqlparser.MustLoadSchema(&ast.Source{Input: text})

				lib.start(t, printersByTwoWays, nil)
				lib.expect(t, "author a1", "books a2")
				lib.answer("books a2")
				lib.expect(t) // the author may have an agent, and the agent a printer
				lib.answer("author a1")
				lib.expect(t, "agent agent-of-a1")
				lib.answer("agent agent-of-a1")
				lib.expect(t, "printer p-a2 p-agent-of-a1 p1")
				lib.answer("printer p-a2 p-agent-of-a1 p1")
			})
		})
	}
}
