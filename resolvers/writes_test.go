package resolvers_test

import (
	"net/http"
	"strings"
	"testing"
)

// GraphQL and REST show what was updated at once, and what was left out stays.
func TestUpdateUser_SeenAtOnce(t *testing.T) {
	s := newStore(t)
	const user = `{ user(id: "user123") { email fullName } }`
	before := s.ask(user) + s.profile("user123") + s.profile("user123")
	if strings.Contains(before, "new@example.com") {
		t.Fatal(before)
	}
	s.called()
	s.wantAnswer(`mutation { updateUser(id: "user123", input: {email: "new@example.com"}) { email username } }`,
		`{"data":{"updateUser":{"email":"new@example.com","username":"ivan_ivanov"}}}`)
	s.wantCalls(`PATCH /users/user123 {"email":"new@example.com"}`)
	if got := s.ask(user); !strings.Contains(got, `{"email":"new@example.com","fullName":"`) {
		t.Error(got)
	}
	if got := s.profile("user123"); !strings.Contains(got, `"email":"new@example.com"`) {
		t.Error(got)
	}
	s.wantCalls("GET /users/user123")
}

// What is null is sent as null, and the service says why it refuses it.
func TestUpdateUser_Inputs(t *testing.T) {
	s := newStore(t)
	for input, want := range map[string]struct{ body, pointer string }{
		`{}`:                {`{}`, ""},
		`{fullName: "A B"}`: {`{"full_name":"A B"}`, ""},
		`{email: null}`:     {`{"email":null}`, "#/email"},
		`{email: "a@example.com", fullName: null}`: {`{"email":"a@example.com","full_name":null}`, "#/full_name"},
		`{email: "nonsense"}`:                      {`{"email":"nonsense"}`, "#/email"},
	} {
		s.called()
		response := s.ask(`mutation { updateUser(id: "user123", input: ` + input + `) { id } }`)
		s.wantCalls("PATCH /users/user123 " + want.body)
		if want.pointer == "" {
			if response != `{"data":{"updateUser":{"id":"user123"}}}` {
				t.Errorf("%s: %s", input, response)
			}
			continue
		}
		e := s.refused(response).Extensions
		if e.Code != "UPSTREAM_REJECTED" || e.Service != "users" || e.Outcome != "not_executed" || e.Problem.Status != 422 ||
			len(e.Problem.Errors) == 0 || e.Problem.Errors[0].Pointer != want.pointer {
			t.Errorf("%s: %s", input, response)
		}
	}
}

// The order is the owner's, and all that shows it shows that it is cancelled.
func TestCancelOrder_SeenAtOnce(t *testing.T) {
	s := newStore(t)
	const list = `{ orders(userId: "user123") { id status } }`
	if before := s.ask(list) + s.profile("user123"); strings.Contains(before, "cancelled") {
		t.Fatal(before)
	}
	s.called()
	s.wantAnswer(`mutation { cancelOrder(id: "order456") { status user { username orders { id status } } } }`,
		`{"data":{"cancelOrder":{"status":"cancelled","user":{"username":"ivan_ivanov","orders":[{"id":"order123","status":"delivered"},{"id":"order456","status":"cancelled"}]}}}}`)
	s.wantCalls("POST /orders/order456/cancel", "GET /orders/user/user123")
	s.wantAnswer(list, `{"data":{"orders":[{"id":"order123","status":"delivered"},{"id":"order456","status":"cancelled"}]}}`)
	if got := s.profile("user123"); !strings.Contains(got, `"status":"cancelled"`) {
		t.Error(got)
	}
}

func TestCancelOrder_Refused(t *testing.T) {
	s := newStore(t)
	for id, status := range map[string]int{"order789": 409, "order123": 409, "nosuch": 404} {
		response := s.ask(`mutation { cancelOrder(id: "` + id + `") { id } }`)
		e := s.refused(response)
		if e.Extensions.Code != "UPSTREAM_REJECTED" || e.Extensions.Outcome != "not_executed" || e.Extensions.Problem.Status != status || e.Extensions.Problem.Detail == "" {
			t.Errorf("%s: %s", id, response)
		}
	}
}

// Each field shows its write and those before it.
func TestMutations_FieldsInOrder(t *testing.T) {
	s := newStore(t)
	s.wantAnswer(`mutation {
			a: updateUser(id: "user456", input: {fullName: "One"}) { fullName orders { status } }
			placeOrder(input: {userId: "user456", items: [{productId: "prod3", quantity: 1}]}) { user { fullName orders { status } } }
			b: updateUser(id: "user456", input: {fullName: "Two"}) { fullName orders { status user { fullName } } } }`,
		`{"data":{"a":{"fullName":"One","orders":[{"status":"shipped"}]},`+
			`"placeOrder":{"user":{"fullName":"One","orders":[{"status":"shipped"},{"status":"pending"}]}},`+
			`"b":{"fullName":"Two","orders":[{"status":"shipped","user":{"fullName":"Two"}},{"status":"pending","user":{"fullName":"Two"}}]}}}`)
}

// A value that its type does not allow is the client's mistake, wherever it stands.
func TestMutations_ValuesOfOtherTypes(t *testing.T) {
	s := newStore(t)
	for _, quantity := range []string{`4294967297`, `-2147483649`, `99999999999999999999`, `1.5`, `"many"`, `true`, `null`} {
		items := `[{"productId":"prod1","quantity":1},{"productId":"prod1","quantity":` + quantity + `}]`
		for name, variables := range map[string]struct{ query, values string }{
			"input": {`mutation($v: PlaceOrderInput!) { placeOrder(input: $v) { id } }`, `{"userId":"user123","items":` + items + `}`},
			"items": {`mutation($v: [OrderItemInput!]!) { placeOrder(input: {userId: \"user123\", items: $v}) { id } }`, items},
			"Int":   {`mutation($v: Int!) { placeOrder(input: {userId: \"user123\", items: [{productId: \"prod1\", quantity: $v}]}) { id } }`, quantity},
		} {
			_, response := s.send(http.MethodPost, s.url+"/graphql", `{"query":"`+variables.query+`","variables":{"v":`+variables.values+`}}`)
			if e := s.refused(response); e.Extensions.Code != "BAD_USER_INPUT" || e.Extensions.Outcome != "not_executed" || len(e.Path) > 1 {
				t.Errorf("%s by %s: %s", quantity, name, response)
			}
		}
	}
	response := s.ask(`mutation { placeOrder(input: {userId: "user123", items: [{productId: "prod1", quantity: 4294967297}]}) { id } }`)
	if e := s.refused(response); e.Extensions.Code != "BAD_USER_INPUT" || e.Extensions.Outcome != "not_executed" {
		t.Error(response)
	}
	s.wantCalls()
}

func TestMutations_NotByGet(t *testing.T) {
	s := newStore(t)
	for _, field := range []string{`cancelOrder(id:"order456"){id}`, `updateUser(id:"user123",input:{}){id}`, `placeOrder(input:{userId:"user123",items:[]}){id}`} {
		status, body := s.send(http.MethodGet, s.url+"/graphql?query=mutation{"+field+"}", "", "Accept", "application/graphql-response+json")
		if status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d %s", field, status, body)
		}
	}
	s.wantCalls()
}
