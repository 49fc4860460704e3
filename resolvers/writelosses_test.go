package resolvers_test

import (
	"slices"
	"testing"
)

// lossTests are mutations with the route of the write, and what shows that it was made once.
var lossTests = map[string]struct {
	service, route, mutation, answer string
	read, after                      string
}{
	"updateUser": {
		"users", "PATCH /users/{id}", `updateUser(id: "user123", input: {email: "new@example.com"}) { email }`, `{"email":"new@example.com"}`,
		`{ user(id: "user123") { email } }`, `{"data":{"user":{"email":"new@example.com"}}}`,
	},
	"placeOrder": {
		"orders", "POST /orders", `placeOrder(input: {userId: "user456", items: [{productId: "prod3", quantity: 3}]}) { totalAmount }`, `{"totalAmount":447.00}`,
		`{ orders(userId: "user456") { totalAmount } }`, `{"data":{"orders":[{"totalAmount":999.99},{"totalAmount":447.00}]}}`,
	},
	"cancelOrder": {
		"orders", "POST /orders/{id}/cancel", `cancelOrder(id: "order456") { status }`, `{"status":"cancelled"}`,
		`{ orders(userId: "user123") { status } }`, `{"data":{"orders":[{"status":"delivered"},{"status":"cancelled"}]}}`,
	},
}

// A write whose answer is lost is sent again with the same key: it is executed once, and
// answered.
func TestMutations_LostAnswer(t *testing.T) {
	for name, c := range lossTests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.breaks(c.service, `[{"route": "`+c.route+`", "lost": true}]`)
			s.wantAnswer("mutation { "+c.mutation+" }", `{"data":{"`+name+`":`+c.answer+`}}`)
			if _, keys := s.called(); len(keys) < 2 || len(slices.Compact(keys)) != 1 {
				t.Errorf("keys %q, want one, at least twice", keys)
			}
			s.wantAnswer(c.read, c.after)
		})
	}
}

// If no answer arrives the outcome is unknown: nothing old is shown from then on, and the
// client that repeats its request gets the answer. It was executed once.
func TestMutations_NoAnswer(t *testing.T) {
	for name, c := range lossTests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if before := s.ask(c.read); before == c.after {
				t.Fatal(before)
			}
			s.suffer(lost)
			s.called()
			response := s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1")
			if e := s.refused(response).Extensions; e.Code != "UPSTREAM_UNAVAILABLE" || e.Service != c.service || e.Outcome != "unknown" {
				t.Error(response)
			}
			s.wantAnswer(c.read, c.after)
			s.suffer(nil)
			if got, want := s.ask("mutation { "+c.mutation+" }", "Idempotency-Key", "k1"), `{"data":{"`+name+`":`+c.answer+`}}`; got != want {
				t.Errorf("repeated: %s, want %s", got, want)
			}
			s.wantAnswer(c.read, c.after)
			if _, keys := s.called(); len(keys) < 2 || len(slices.Compact(keys)) != 1 {
				t.Errorf("keys %q", keys)
			}
		})
	}
}
