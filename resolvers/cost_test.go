package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/engine"
	"tributary/gateway/lookahead"
	"tributary/graph"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// explain returns the cost of a query, and fails the test if that makes a call.
func explain(t *testing.T, query string, variables map[string]any) (*lookahead.Cost, *engine.Result) {
	t.Helper()
	up := upstreamtest.New(t, upstreamtest.NewData(3, 2, 3, 5))
	server, stop, err := graphtest.New(up, graphtest.DefaultSetup())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	cost, refused := server.Explain(t.Context(), engine.Request{Query: query, Variables: variables})
	if calls := up.Calls(); len(calls) > 0 {
		t.Errorf("it took %v to tell", calls)
	}
	return cost, refused
}

// manyIDs are so many different ones.
func manyIDs(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = fmt.Sprint("x", i)
	}
	return list
}

// written gives a cost as "service most" or "service least-most", with a ~
// where lists are assumed to have some length.
func written(cost *lookahead.Cost) string {
	var parts []string
	for _, c := range cost.Services {
		calls := fmt.Sprint(c.AtMost)
		if c.AtLeast != c.AtMost {
			calls = fmt.Sprintf("%d-%d", c.AtLeast, c.AtMost)
		}
		if c.Assumed {
			calls = "~" + calls
		}
		parts = append(parts, c.Service+" "+calls)
	}
	return strings.Join(parts, ", ")
}

func TestCost_CallsPerService(t *testing.T) {
	const items = "items { product { name } }"
	for query, want := range map[string]string{
		graph.RESTProfile:                                                                                                       "orders 1, products ~1, users 1",
		`{ __typename }`:                                                                                                        "",
		`{ users(ids: []) { id orders { id } } }`:                                                                               "",
		`{ user(id: "u1") { id } }`:                                                                                             "users 1",
		`{ user(id: 7) { id } a: user(id: "7") { id } }`:                                                                        "users 1",
		`{ user(id: "u1") { orders { user { orders { user { id } } } } } }`:                                                     "orders 1, users 1",
		`{ orders(userId: "u1") { id } }`:                                                                                       "orders 1",
		`{ orders(userId: "u1") { ` + items + ` } }`:                                                                            "orders 1, products ~1",
		`{ users(ids: ["u1", "u2", "u1", "u3"]) { orders { ` + items + ` } } }`:                                                 "orders 3, products ~3, users 3",
		`{ a: user(id: "u1") { id } b: user(id: "u1") { email } c: user(id: "u2") { id } }`:                                     "users 2",
		`{ products(ids: ["a", "b", "a"]) { name } c: product(id: "c") { name } }`:                                              "products 1",
		`{ product(id: "a") { name } orders(userId: "u1") { ` + items + ` } }`:                                                  "orders 1, products ~2",
		`{ profile(userId: "u1") { orders { ` + items + ` } products { name } } }`:                                              "orders 1, products ~1, users 1",
		`{ profile(userId: "u1") { user { orders { ` + items + ` } } } a: orders(userId: "u1") { ` + items + ` } }`:             "orders 1, products ~1, users 1",
		`query($no: Boolean = false) { user(id: "u1") { id orders @include(if: $no) { id } } }`:                                 "users 1",
		`{ ...f user(id: "u1") { ...g } } fragment f on Query { user(id: "u1") { ...g } } fragment g on User { orders { id } }`: "orders 1, users 1",
	} {
		cost, refused := explain(t, query, map[string]any{"id": "u1"})
		if refused != nil {
			t.Errorf("%s: %v", query, refused.Errors)
		} else if got := written(cost); got != want {
			t.Errorf("%s costs %q, want %q", query, got, want)
		}
	}
}

func TestCost_BatchSize(t *testing.T) {
	const products = `query($ids: [ID!]!) { products(ids: $ids) { name } }`
	for n, want := range map[int]string{1: "products 1", 100: "products 1", 101: "products 2", 250: "products 3", 2000: "products 20"} {
		if cost, _ := explain(t, products, map[string]any{"ids": manyIDs(n)}); written(cost) != want {
			t.Errorf("%d products cost %q, want %q", n, written(cost), want)
		}
	}
	// 20 users' orders may arrive one by one, or together.
	const lists = `query($ids: [ID!]!) { users(ids: $ids) { orders { items { product { name } } } } }`
	if cost, _ := explain(t, lists, map[string]any{"ids": manyIDs(20)}); written(cost) != "orders 20, products ~20, users 20" {
		t.Errorf("lists in lists cost %q", written(cost))
	}
}

func TestCost_Tree(t *testing.T) {
	cost, _ := explain(t, `query($id: ID!) { p: profile(userId: $id) { user { id } orders { id } products { name } } }`, map[string]any{"id": "u1"})
	var lines []string
	var walk func(fields []lookahead.Field, indent string)
	walk = func(fields []lookahead.Field, indent string) {
		for _, f := range fields {
			lines = append(lines, fmt.Sprint(indent, f.Name, f.Loads))
			walk(f.Children, indent+" ")
		}
	}
	walk(cost.Fields(), "")
	want := []string{"p[{users 1 false}]", " user[{users 0 false}]", " orders[{orders 1 false}]", " products[{orders 0 false} {products 100 true}]"}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%q, want\n%q", lines, want)
	}
}

func TestCost_OverBudget(t *testing.T) {
	const query = `query($ids: [ID!]!) { users(ids: $ids) { id orders { id } } }`
	if _, refused := explain(t, query, map[string]any{"ids": manyIDs(1000)}); refused != nil {
		t.Errorf("at the limit: %v", refused.Errors)
	}
	cost, refused := explain(t, query, map[string]any{"ids": manyIDs(1001)})
	if refused == nil {
		t.Fatal("one over the limit is let pass")
	}
	e := refused.Errors[0]
	if e.Message != "the operation may cost 1001 calls to the orders service, more than 1000" ||
		fmt.Sprint(e.Extensions) != "map[allowed:1000 code:QUERY_TOO_COMPLEX limit:calls service:orders value:1001]" {
		t.Errorf("%v, %v", e.Message, e.Extensions)
	}
	if written(cost) != "orders 1001, users 1001" {
		t.Errorf("it costs %q", written(cost))
	}
}

// The calls of a mutation count: its write, what it asks for before, and what is selected below.
func TestExplain_Mutations(t *testing.T) {
	for query, want := range map[string]string{
		`mutation { updateUser(id: "u1", input: {email: "a@example.com"}) { email } }`:                                                   "users 1",
		`mutation { updateUser(id: "u1", input: {}) { orders { id } } }`:                                                                 "orders 1, users 1",
		`mutation { cancelOrder(id: "o1") { status } }`:                                                                                  "orders 1",
		`mutation { cancelOrder(id: "o1") { user { id } items { product { name } } } }`:                                                  "orders 1, products ~1, users 1",
		`mutation { placeOrder(input: {userId: "u1", items: [{productId: "p1", quantity: 1}, {productId: "p2", quantity: 1}]}) { id } }`: "orders 1, products 1",
		`mutation { a: cancelOrder(id: "o1") { id } b: cancelOrder(id: "o1") { id } }`:                                                   "orders 2",
	} {
		cost, refused := explain(t, query, nil)
		if refused != nil {
			t.Errorf("%s: %v", query, refused.Errors)
		} else if got := written(cost); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
