package lookahead_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"tributary/gateway/lookahead"
)

func TestPanic_InJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
		sound := lib.joins["Author.agent"]
		lib.joins["Author.agent"] = agentsThat(lib, func(a *author) string {
			if a.AgentID == "" {
				return "" // for a stub
			}
			panic("no agents today")
		})
		// The author's value arrives on a goroutine of the loader.
		panics := lib.start(t, `{ author(id: "a1") { agent { name } books { editions { printer { id } } } } }`, nil)
		lib.expect(t, "author a1", "books a1")
		lib.answer("author a1")
		if got := panics(); !slices.Equal(got, []string{"no agents today"}) {
			t.Errorf("panics %q", got)
		}
		lib.answer("books a1")
		lib.expect(t) // printers are loaded by the resolvers

		lib.joins["Author.agent"] = sound
		lib.start(t, `{ author(id: "a2") { agent { name } } }`, nil)
		lib.expect(t, "author a2")
		lib.answer("author a2")
		lib.expect(t, "agent agent-of-a2")
		lib.answer("agent agent-of-a2")
	})
}

func TestPanic_AtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
		lib.joins["Author.agent"] = agentsThat(lib, func(*author) string { panic("no agents today") })
		panics := lib.start(t, `{ x: author(id: "a1") { name } y: author(id: "a2") { agent { name } } }`, nil)
		lib.expect(t, "author a1")
		if got := panics(); !slices.Equal(got, []string{"no agents today"}) {
			t.Errorf("panics %q", got)
		}
		lib.answer("author a1")
		lib.expect(t)
	})
}

func agentsThat(lib *library, key func(*author) string) *lookahead.Join {
	loader := load(lib, "agent", func(id string) *agent { return &agent{ID: id} })
	return lookahead.One(loader, func(id string) *agent { return &agent{ID: id} }).By(lookahead.Key(key))
}
