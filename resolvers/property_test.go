package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"tributary/gateway/engine"
	"tributary/gateway/lookahead"
	"tributary/gateway/upstream"
	"tributary/graph"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// Whatever is asked, the answer is what the plain evaluator gives, nothing is
// asked for twice, and what is down costs its own fields alone.
func TestOracle_RandomQueries(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	up, checks := upstreamtest.New(t, upstreamtest.Data{}), 0
	rapid.Check(t, func(t *rapid.T) {
		d := data(t)
		text, variables := query(t)
		doc, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
		if len(errs) > 0 {
			t.Fatalf("the query that was drawn is not valid: %v\n%s", errs, text)
		}
		e := &evaluator{data: d, doc: doc, variables: asJSON(variables), down: map[string]bool{}}
		if rapid.IntRange(0, 2).Draw(t, "trouble") == 0 {
			e.down[rapid.SampledFrom(serviceNames).Draw(t, "down")] = true
		}
		up.Set(func(now *upstreamtest.Data) { *now = d })
		for _, s := range serviceNames {
			up.Replace(s, nil)
			if e.down[s] {
				up.Replace(s, fail)
			}
		}
		wantData, wantErrors := e.evaluate()
		checks++
		requestID := strconv.Itoa(checks)
		gotData, gotErrors := execute(t, up, requestID, text, e.variables)
		if gotData != wantData {
			t.Errorf("data\n%s, want\n%s\nfor %s", gotData, wantData, text)
		}
		if !slices.Equal(gotErrors, wantErrors) {
			t.Errorf("errors\n%q, want\n%q\nfor %s", gotErrors, wantErrors, text)
		}
		expectEachOnce(t, up, requestID)
	})
}

var serviceNames = []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products}

func fail(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// execute runs a query on a graph with an empty cache.
func execute(t *rapid.T, up *upstreamtest.Upstreams, requestID, text string, variables map[string]any) (data string, errs []string) {
	up.Reset()
	server, stop, err := graphtest.New(up, graphtest.DefaultSetup())
	if err != nil {
		t.Fatal(err)
	}
	ctx := upstream.Forward(t.Context(), func(_ string, to http.Header) { to.Set("X-Request-Id", requestID) })
	req := engine.Request{Query: text, Variables: variables}
	cost, refused := server.Explain(ctx, req)
	if refused != nil {
		t.Fatalf("refused: %v", refused.Errors)
	}
	result := server.Execute(ctx, req)
	expectWithin(t, cost, up, requestID)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	up.CloseConnections() // on a graph that is not asked again
	for _, e := range result.Errors {
		service, _ := e.Extensions["service"].(string)
		path := make([]string, len(e.Path))
		for i, p := range e.Path {
			path[i] = fmt.Sprint(p)
		}
		errs = append(errs, strings.TrimSpace(fmt.Sprintf("%s: %s %s", strings.Join(path, " "), e.Extensions["code"], service)))
	}
	slices.Sort(errs)
	var b bytes.Buffer
	if err := json.Compact(&b, result.Data); err != nil {
		t.Fatalf("%v: %s", err, result.Data)
	}
	return b.String(), errs
}

// expectWithin sees that a request makes no more calls than it was said to
// cost. The lists that are drawn are shorter than is assumed.
func expectWithin(t *rapid.T, cost *lookahead.Cost, up *upstreamtest.Upstreams, requestID string) {
	made := map[string]int{}
	for _, c := range up.Calls() {
		if c.RequestID == requestID {
			made[c.Service]++
		}
	}
	for _, c := range cost.Services {
		if made[c.Service] > c.AtMost {
			t.Errorf("%d calls to %s, and %d were foretold", made[c.Service], c.Service, c.AtMost)
		}
		delete(made, c.Service)
	}
	if len(made) > 0 {
		t.Errorf("calls that were not foretold: %v", made)
	}
}

// expectEachOnce sees that a request asks for no entity twice. Calls that an
// earlier one gave up may still come in: they don't count.
func expectEachOnce(t *rapid.T, up *upstreamtest.Upstreams, requestID string) {
	asked := map[string]int{}
	for _, c := range up.Calls() {
		if c.RequestID != requestID {
			continue
		}
		for _, id := range c.IDs {
			asked[c.Service+" "+id]++
		}
	}
	for what, times := range asked {
		if times > 1 {
			t.Errorf("%s was asked for %d times", what, times)
		}
	}
}

// asJSON gives variables the types that they have when they come in a request.
func asJSON(variables map[string]any) (decoded map[string]any) {
	if err := json.Unmarshal([]byte(toJSON(variables)), &decoded); err != nil {
		panic(err)
	}
	return decoded
}

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
