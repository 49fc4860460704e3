package engine_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/report"
)

// A cached response that is about to expire is built anew by the same operation with the
// same variables, whether its document is cached or not.
func TestRenewal_RepeatsTheOperation(t *testing.T) {
	const two = `query A($x: Int = 5, $l: [Int!], $s: String) { a(x: $x, l: $l, s: $s) } query B { b: a }`
	for name, req := range map[string]map[string]any{
		"without variables":    {"query": `{ a }`},
		"with variables":       {"query": two, "operationName": "A", "variables": map[string]any{"x": 1, "l": []int{1, 2}, "s": "\u2028 \"x\" <é>"}},
		"with null":            {"query": two, "operationName": "A", "variables": map[string]any{"x": nil, "s": nil}},
		"with defaults":        {"query": two, "operationName": "A", "variables": map[string]any{}},
		"with others":          {"query": two, "operationName": "A", "variables": map[string]any{"x": 1, "other": []string{"o"}}},
		"the other operation":  {"query": two, "operationName": "B", "variables": map[string]any{"x": 1}},
		"digits":               {"query": two, "operationName": "A", "variables": map[string]any{"x": json.Number("2147483647")}},
		"deferred, as a whole": {"query": `{ a ... @defer { b: a } }`},
	} {
		for _, documents := range []int{0, 1} {
			t.Run(fmt.Sprintf("%s, %d MB", name, documents), func(t *testing.T) {
				reg := prometheus.NewRegistry()
				s, schema := newCachedIn(t, newResponses(t, reg), `type Query { a(x: Int, l: [Int!], s: String): Int }`, engine.Config{DocumentsMB: documents}, reg)
				var mu sync.Mutex
				var executed []string
				schema.seen = func(op *graphql.OperationContext) {
					mu.Lock()
					defer mu.Unlock()
					executed = append(executed, op.Operation.Name+" "+encoded(op.Variables))
				}
				schema.note = func(r *report.Stats, _ *graphql.Response) {
					now := time.Now()
					use := report.Dependency{Name: "thing:1", Service: "things", Answered: now, Fresh: now.Add(20 * time.Second)}
					if schema.executed.Load() == 1 {
						use.Aging, use.Fresh = now, now.Add(10*time.Second)
					}
					r.Used(use)
				}
				body := encoded(req)
				s.post(body).expect(200, "").data(`{"n":1}`)
				s.post(body).expect(200, "").data(`{"n":1}`)
				until(t, "the new response", func() bool { return s.post(body).text == `{"data":{"n":2}}`+"\n" })
				mu.Lock()
				defer mu.Unlock()
				if len(executed) != 2 || executed[0] != executed[1] {
					t.Errorf("executed were %q", executed)
				}
			})
		}
	}
}
