package resolvers_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/httpserver"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
	orders "tributary/services/orders/server"
	products "tributary/services/products/server"
	"tributary/services/restservice"
	users "tributary/services/users/server"
)

// store is a gateway over the example services.
type store struct {
	t        *testing.T
	url      string
	services map[string]string // URLs
	servers  map[string]*httptest.Server

	mu    sync.Mutex
	calls []string // of the services: method, path, and body if there is one
	keys  []string // the Idempotency-Key of each write
	fault writeFault
	sent  int                 // writes since fault was set
	done  map[string]struct{} // the keys of writes that were executed
}

// A writeFault is what happens to the nth write that a service receives, counted from 0.
type writeFault func(n int, w http.ResponseWriter, execute func(http.ResponseWriter))

// executed lets a service execute the write, and keeps its response back.
func executed(execute func(http.ResponseWriter)) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	execute(w)
	return w
}

// lost executes writes, and closes their connections.
func lost(_ int, _ http.ResponseWriter, execute func(http.ResponseWriter)) {
	executed(execute)
	panic(http.ErrAbortHandler)
}

func newStore(t *testing.T, change ...func(*graphtest.Setup)) *store {
	t.Helper()
	s := &store{t: t, services: map[string]string{}, servers: map[string]*httptest.Server{}, done: map[string]struct{}{}}
	for name, service := range map[string]*restservice.Service{
		"users":    users.New(restservice.Options{Faults: true}),
		"orders":   orders.New(restservice.Options{Faults: true}),
		"products": products.New(restservice.Options{Faults: true}),
	} {
		server := httptest.NewServer(s.counted(service))
		t.Cleanup(server.Close)
		s.services[name], s.servers[name] = server.URL, server
	}
	with := graphtest.Usual()
	with.Calls.Retries = 2
	for _, change := range change {
		change(&with)
	}
	graph, stop, err := graphtest.Over(upstreamtest.Config{
		UsersURL: s.services["users"], OrdersURL: s.services["orders"], ProductsURL: s.services["products"],
	}, with)
	must(t, err)
	reg := prometheus.NewRegistry()
	router := httpserver.NewRouter(slog.New(slog.DiscardHandler), reg)
	router.Handle("/graphql", graph)
	router.Method(http.MethodGet, "/api/profile/{id}", rest.NewProfile(graph.Engine,
		func(r *http.Request) string { return httpserver.PathParam(r, "id") }, with.TTL, reg))
	gateway := httptest.NewServer(router)
	t.Cleanup(func() {
		gateway.Close()
		must(t, stop())
	})
	s.url = gateway.URL
	return s
}

func (s *store) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Of-Test") == "" {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			s.mu.Lock()
			s.calls = append(s.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
			key, n := r.Header.Get("Idempotency-Key"), s.sent
			if key != "" {
				s.keys = append(s.keys, key)
				s.sent++
			}
			fault := s.fault
			s.mu.Unlock()
			execute := func(w http.ResponseWriter) {
				s.count(key)
				next.ServeHTTP(w, r)
			}
			if key != "" && fault != nil {
				fault(n, w, execute)
				return
			}
			execute(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// close ends a service.
func (s *store) close(service string) {
	s.servers[service].CloseClientConnections()
	s.servers[service].Close()
}

// count counts the execution of a write. The services execute those of a key once.
func (s *store) count(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key != "" {
		s.done[key] = struct{}{}
	}
}

// executions returns the number of writes that were executed.
func (s *store) executions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.done)
}

// called returns the calls since it was last called, in order, and the keys of the writes.
func (s *store) called() (calls, keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, keys = s.calls, s.keys
	s.calls, s.keys = nil, nil
	return calls, keys
}

// wantCalls expects the calls since the last look, in any order.
func (s *store) wantCalls(want ...string) {
	s.t.Helper()
	got, _ := s.called()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("calls\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (s *store) send(method, url, body string, header ...string) (status int, response string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	must(s.t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	must(s.t, err)
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// ask executes an operation and returns its response.
func (s *store) ask(query string, header ...string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	must(s.t, err)
	_, response := s.send(http.MethodPost, s.url+"/graphql", string(body), header...)
	return response
}

// wantAnswer expects the whole response to an operation.
func (s *store) wantAnswer(query, want string) {
	s.t.Helper()
	if got := s.ask(query); got != want {
		s.t.Errorf("%s: %s, want %s", query, got, want)
	}
}

// profile returns the REST profile of a user.
func (s *store) profile(id string) string {
	s.t.Helper()
	status, body := s.send(http.MethodGet, s.url+"/api/profile/"+id, "")
	if status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
	return body
}

// breaks puts fault rules in force at a service.
func (s *store) breaks(service, rules string) {
	s.t.Helper()
	if status, body := s.send(http.MethodPut, s.services[service]+"/_faults", rules, "X-Of-Test", "1"); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
}

// suffer lets a fault happen to all writes from now on; nil is none.
func (s *store) suffer(fault writeFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.sent = fault, 0
}

// refusal is what an error of a mutation says.
type refusal struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Service, Outcome string
		Problem                struct {
			Status int
			Title  string
			Detail string
			Errors []struct{ Pointer, Detail string }
		}
	}
}

// refused returns the only error of a response.
func (s *store) refused(response string) refusal {
	s.t.Helper()
	var body struct{ Errors []refusal }
	must(s.t, json.Unmarshal([]byte(response), &body))
	if len(body.Errors) != 1 {
		s.t.Fatalf("%d errors in %s", len(body.Errors), response)
	}
	return body.Errors[0]
}

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
