package resolvers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// An id is a string or an integer of any length (GraphQL, section 3.5.5); what
// else a variable holds is rejected before any call.
func TestIDs_Variables(t *testing.T) {
	for value, ok := range map[string]bool{
		`"u1"`: true, `"1.5"`: true, `7`: true, `-7`: true, `99999999999999999999`: true,
		`1.5`: false, `1e3`: false, `1.0`: false, `true`: false, `{}`: false,
	} {
		up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
		c := serveWith(t, up, graphtest.LongLinger())
		for query, variable := range map[string]string{
			`query($i: ID!) { user(id: $i) { id } }`:           value,
			`query($i: [ID!]!) { products(ids: $i) { id } }`:   `["p1", ` + value + `]`,
			`query($i: ID!) { users(ids: ["u1", $i]) { id } }`: value,
			`query($i: [ID!]!) { users(ids: $i) { id } }`:      value, // one for a list
		} {
			before := up.Summary()
			got := c.ask(query, map[string]any{"i": json.RawMessage(variable)})
			if refused := strings.Contains(got, "BAD_USER_INPUT"); refused == ok || refused && up.Summary() != before {
				t.Errorf("%s with %s: %s after %s", query, variable, got, up.Summary())
			}
		}
	}
}
