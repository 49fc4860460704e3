package lookahead_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"tributary/gateway/lookahead"
)

// What is below a field that is resolved by hand is counted, once for each value that the
// field is assumed to have.
func TestUnseen_CostsBelow(t *testing.T) {
	for name, tt := range map[string]struct {
		join  *lookahead.Join
		query string
		keys  int
	}{
		"without a join":         {nil, `{ shelf(author: "a1") { books { id } } }`, 0},
		"one value":              {lookahead.Unseen(1), `{ shelf(author: "a1") { books { id } } }`, 1},
		"a list":                 {lookahead.Unseen(7), `{ shelf(author: "a1") { books { id } } }`, 7},
		"computed":               {lookahead.Computed(7), `{ shelf(author: "a1") { books { id } } }`, 7},
		"aliases of the field":   {lookahead.Unseen(2), `{ x: shelf(author: "a1") { books { id } } y: shelf(author: "a2") { books { id } } }`, 4},
		"nothing below it loads": {lookahead.Unseen(7), `{ shelf(author: "a1") { __typename } }`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			lib := newLibrary()
			delete(lib.joins, "Query.shelf")
			if tt.join != nil {
				lib.joins["Query.shelf"] = tt.join
			}
			plan, keys := lib.keys(t, tt.query)
			if keys != tt.keys {
				t.Errorf("%d keys, want %d", keys, tt.keys)
			}
			want := []string(nil)
			if tt.join != nil && name != "computed" {
				want = []string{"Query.shelf"}
			}
			if got := plan.Unseen(); !slices.Equal(got, want) {
				t.Errorf("unseen %q, want %q", got, want)
			}
		})
	}
}

// The look-ahead goes on around a field that it cannot see through.
func TestUnseen_LoadsAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
		lib.joins["Author.agent"] = lookahead.Unseen(1)
		lib.start(t, `{ author(id: "a1") { agent { printer { id } } books { editions { printer { id } } } } }`, nil)
		lib.expect(t, "author a1", "books a1")
		lib.answer("author a1", "books a1")
		lib.expect(t, "printer p-a1 p1")
		lib.answer("printer p-a1 p1")
	})
}
