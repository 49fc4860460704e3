package lookahead_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/lookahead"
)

// Calls of a round are answered only after all calls of that round have been made.
func TestPlan_StartsEarly(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		vars   map[string]any
		rounds [][]string
	}{
		"a field without joins asks for nothing": {
			query: `{ __typename }`,
		},
		"an argument names the key": {
			query:  `{ author(id: "a1") { name } }`,
			rounds: [][]string{{"author a1"}},
		},
		"a number is an id too": {
			query:  `{ author(id: 7) { name } }`,
			rounds: [][]string{{"author 7"}},
		},
		"a variable names the key": {
			query:  `query($id: ID!) { author(id: $id) { name } }`,
			vars:   map[string]any{"id": "a1"},
			rounds: [][]string{{"author a1"}},
		},
		"a variable names many": {
			query:  `query($ids: [ID!]!) { authors(ids: $ids) { name } }`,
			vars:   map[string]any{"ids": []any{"a1", "a2"}},
			rounds: [][]string{{"author a1 a2"}},
		},
		"a child whose key is in the query goes beside its parent": {
			query:  `{ author(id: "a1") { name books { id } } }`,
			rounds: [][]string{{"author a1", "books a1"}},
		},
		"two fields that need one loader share a call": {
			query:  `{ x: author(id: "a1") { name } y: author(id: "a2") { name } authors(ids: ["a2", "a3"]) { name } }`,
			rounds: [][]string{{"author a1 a2 a3"}},
		},
		"a key that only the parent's value has waits for it": {
			query:  `{ authors(ids: ["a1", "a2"]) { agent { name } } }`,
			rounds: [][]string{{"author a1 a2"}, {"agent agent-of-a1 agent-of-a2"}},
		},
		"a key that both a stub and its value name is asked for once": {
			query:  `{ author(id: "a1") { books { author { books { author { name } } } } } }`,
			rounds: [][]string{{"author a1", "books a1"}},
		},
		"what values hold is looked through": {
			query:  `{ books(author: "a1") { editions { printer { id } } } }`,
			rounds: [][]string{{"books a1"}, {"printer p-a1 p1"}},
		},
		"a join that makes its value from another's key": {
			query:  `{ shelf(author: "a1") { books { editions { printer { id } } } } }`,
			rounds: [][]string{{"author a1", "books a1"}, {"printer p-a1 p1"}},
		},
		"fragments, on types and on interfaces, are followed": {
			query: `{ author(id: "a1") { ...b ... on Named { ... on Author { agent { name } } } } }
				fragment b on Author { books { id } }`,
			rounds: [][]string{{"author a1", "books a1"}, {"agent agent-of-a1"}},
		},
		"a fragment on another type is not": {
			query:  `{ author(id: "a1") { ... on Named { ... on Agent { name } } } }`,
			rounds: [][]string{{"author a1"}},
		},
		"skip and include are obeyed": {
			query: `query($yes: Boolean = true, $no: Boolean = false) { author(id: "a1") {
				books @skip(if: $yes) { id } ... @include(if: $no) { agent { name } } } }`,
			vars:   map[string]any{"yes": true, "no": false},
			rounds: [][]string{{"author a1"}},
		},
		"nothing is looked for below what there is not": {
			query:  `{ author(id: "nobody") { agent { name } } }`,
			rounds: [][]string{{"author nobody"}},
		},
		"mutations go one by one, so they are not started": {
			query: `mutation { author(id: "a1") { name } }`,
		},
		"a subscription's events bring their own values": {
			query: `subscription { author(id: "a1") { name } }`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lib := newLibrary()
				lib.start(t, c.query, c.vars)
				for _, calls := range c.rounds {
					lib.expect(t, calls...)
					lib.answer(calls...)
				}
				lib.expect(t)
			})
		})
	}
}

func TestPlan_CompleteBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
		lib.start(t, `{
			author(id: "a1") { agent { name } books { editions { printer { id } } } }
			x: author(id: "nobody") { books { editions { printer { id } } } }
		}`, nil)
		lib.expect(t, "author a1 nobody", "books a1 nobody")
		lib.answer("author a1 nobody")
		lib.expect(t, "agent agent-of-a1") // printers do not wait for an author
		lib.answer("books a1 nobody")
		lib.expect(t, "printer p-a1 p1")
		lib.answer("agent agent-of-a1", "printer p-a1 p1")
	})
}

// printersByTwoWays reaches printers through books, whose ids are in the query, and
// through an agent, whose id only the author has.
const printersByTwoWays = `{
	author(id: "a1") { agent { printer { id } } }
	books(author: "a2") { editions { printer { id } } }
}`

func TestPlan_WaitsForMoreKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
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
}

func TestPlan_SlowSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
		lib.start(t, printersByTwoWays, nil)
		lib.expect(t, "author a1", "books a2")
		lib.answer("books a2")
		<-time.After(batch.DefaultLinger)
		lib.expect(t, "printer p-a2 p1")
		lib.answer("author a1", "printer p-a2 p1")
		lib.expect(t, "agent agent-of-a1")
		lib.answer("agent agent-of-a1")
		lib.expect(t, "printer p-agent-of-a1")
		lib.answer("printer p-agent-of-a1")
	})
}

func TestJoins_UnknownField(t *testing.T) {
	lib := newLibrary()
	for _, field := range []string{"Query.nothing", "Nothing.author", "author"} {
		_, err := lookahead.New(lib.schema, lookahead.Joins{field: lib.joins["Query.author"]})
		if err == nil {
			t.Errorf("a join of %s was accepted", field)
		}
	}
}
