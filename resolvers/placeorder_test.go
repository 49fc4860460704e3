package resolvers_test

import (
	"fmt"
	"strings"
	"testing"
)

// Prices are those of the product service, whatever is cached, and one call has them all.
func TestPlaceOrder_CurrentPrices(t *testing.T) {
	s := newStore(t)
	if got := s.ask(`{ products(ids: ["prod1", "prod2"]) { price } user(id: "user456") { orders { id } } }`); strings.Contains(got, "errors") {
		t.Fatal(got)
	}
	if got := s.profile("user456"); !strings.Contains(got, `"orders_count":1`) {
		t.Fatal(got)
	}
	s.called()
	s.wantAnswer(`mutation { placeOrder(input: {userId: "user456", items: [{productId: "prod1", quantity: 2}, {productId: "prod2", quantity: 1}, {productId: "prod1", quantity: 1}]}) {
			status totalAmount items { productId quantity price product { id } } user { id orders { status } } } }`,
		`{"data":{"placeOrder":{"status":"pending","totalAmount":3699.47,"items":[`+
			`{"productId":"prod1","quantity":2,"price":999.99,"product":{"id":"prod1"}},{"productId":"prod2","quantity":1,"price":699.50,"product":{"id":"prod2"}},`+
			`{"productId":"prod1","quantity":1,"price":999.99,"product":{"id":"prod1"}}],"user":{"id":"user456","orders":[{"status":"shipped"},{"status":"pending"}]}}}}`)
	s.wantCalls(`POST /products/batch {"product_ids":["prod1","prod2"]}`,
		`POST /orders {"user_id":"user456","items":[{"product_id":"prod1","quantity":2,"price":999.99},{"product_id":"prod2","quantity":1,"price":699.50},{"product_id":"prod1","quantity":1,"price":999.99}]}`,
		"GET /orders/user/user456")
	if got := s.profile("user456"); !strings.Contains(got, `"orders_count":2`) || !strings.Contains(got, `"total_amount":3699.47`) {
		t.Error(got)
	}
}

// What is refused is never sent to the order service.
func TestPlaceOrder_BadInput(t *testing.T) {
	s := newStore(t)
	for name, c := range map[string]struct {
		user, items, message string
		calls                []string
	}{
		"no items":             {"user123", `[]`, "input.items must", nil},
		"no unit":              {"user123", `[{productId: "prod1", quantity: 1}, {productId: "prod2", quantity: 0}]`, "input.items[1].quantity must", nil},
		"fewer units":          {"user123", `[{productId: "prod1", quantity: -1}]`, "input.items[0].quantity must", nil},
		"a user without an id": {"", `[{productId: "prod1", quantity: 1}]`, "input.userId: ", nil},
		"no id of a product":   {"user123", `[{productId: "", quantity: 1}]`, "input.items[0].productId: ", nil},
		"a control character":  {"user123", `[{productId: "a\u0000", quantity: 1}]`, "input.items[0].productId: ", nil},
		"an unknown product": {"user123", `[{productId: "prod1", quantity: 1}, {productId: "nosuch", quantity: 1}]`, "input.items[1].productId: ",
			[]string{`POST /products/batch {"product_ids":["prod1","nosuch"]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			s.called()
			response := s.ask(fmt.Sprintf(`mutation { placeOrder(input: {userId: %q, items: %s}) { id } }`, c.user, c.items))
			e := s.refused(response)
			if e.Extensions.Code != "BAD_USER_INPUT" || e.Extensions.Outcome != "not_executed" || !strings.HasPrefix(e.Message, c.message) {
				t.Error(response)
			}
			s.wantCalls(c.calls...)
		})
	}
}

// Without prices nothing is ordered.
func TestPlaceOrder_NoPrices(t *testing.T) {
	s := newStore(t)
	for rule, code := range map[string]string{
		`"error_rate": 1`:                "UPSTREAM_UNAVAILABLE",
		`"error_rate": 1, "status": 504`: "UPSTREAM_TIMEOUT",
		`"garbage": true`:                "UPSTREAM_INVALID_RESPONSE",
		`"lost": true`:                   "UPSTREAM_UNAVAILABLE",
	} {
		if got := s.ask(`{ product(id: "prod1") { price } }`); strings.Contains(got, "errors") { // it is in the cache
			t.Fatal(got)
		}
		s.breaks("products", `[{"route": "POST /products/batch", `+rule+`}]`)
		s.called()
		response := s.ask(`mutation { placeOrder(input: {userId: "user123", items: [{productId: "prod1", quantity: 1}]}) { id } }`)
		e := s.refused(response).Extensions
		if e.Code != code || e.Service != "products" || e.Outcome != "not_executed" {
			t.Errorf("%s: %s", rule, response)
		}
		calls, _ := s.called()
		for _, call := range calls {
			if !strings.HasPrefix(call, "POST /products/batch") {
				t.Errorf("%s: %s", rule, call)
			}
		}
	}
}

// The service's refusal of a user that does not exist reaches the client.
func TestPlaceOrder_UnknownUser(t *testing.T) {
	s := newStore(t)
	response := s.ask(`mutation { placeOrder(input: {userId: "nosuch", items: [{productId: "prod1", quantity: 1}]}) { id } }`)
	e := s.refused(response).Extensions
	if e.Code != "UPSTREAM_REJECTED" || e.Service != "orders" || e.Outcome != "not_executed" || e.Problem.Status != 404 {
		t.Error(response)
	}
	s.wantAnswer(`{ orders(userId: "nosuch") { id } }`, `{"data":{"orders":[]}}`)
}

// The service's refusal reaches the client, and nothing is ordered.
func TestPlaceOrder_Refused(t *testing.T) {
	s := newStore(t)
	response := s.ask(`mutation { placeOrder(input: {userId: "user123", items: [{productId: "prod1", quantity: 100001}]}) { id } }`)
	e := s.refused(response).Extensions
	if e.Code != "UPSTREAM_REJECTED" || e.Service != "orders" || e.Outcome != "not_executed" ||
		e.Problem.Status != 422 || len(e.Problem.Errors) != 1 || e.Problem.Errors[0].Pointer != "#/items/0/quantity" {
		t.Error(response)
	}
}

// Without a key of the client two orders are two orders.
func TestPlaceOrder_Twice(t *testing.T) {
	s := newStore(t)
	const order = `placeOrder(input: {userId: "user456", items: [{productId: "prod3", quantity: 1}]}) { status }`
	s.wantAnswer(`mutation { a: `+order+` b: `+order+` }`, `{"data":{"a":{"status":"pending"},"b":{"status":"pending"}}}`)
	s.wantAnswer(`mutation { `+order+` }`, `{"data":{"placeOrder":{"status":"pending"}}}`)
	if _, keys := s.called(); len(keys) != 3 || keys[0] == keys[1] || keys[1] == keys[2] || keys[0] == keys[2] {
		t.Errorf("keys %q", keys)
	}
	s.wantAnswer(`{ orders(userId: "user456") { status } }`, `{"data":{"orders":[{"status":"shipped"},{"status":"pending"},{"status":"pending"},{"status":"pending"}]}}`)
}
