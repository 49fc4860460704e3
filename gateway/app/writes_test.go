package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestMutation_NullIsSent(t *testing.T) {
	w := newWritable(t, nil)
	for body, want := range map[string]string{
		`{"query":"mutation { updateAuthor(id: \"a1\", input: {name: null}) { name } }"}`:                                               `{"name":null}`,
		`{"query":"mutation { updateAuthor(id: \"a1\", input: {}) { name } }"}`:                                                         `{}`,
		`{"query":"mutation { updateAuthor(id: \"a1\", input: {name: \"N\"}) { name } }"}`:                                              `{"name":"N"}`,
		`{"query":"mutation($i: UpdateAuthorInput!) { updateAuthor(id: \"a1\", input: $i) { name } }","variables":{"i":{"name":null}}}`: `{"name":null}`,
		`{"query":"mutation($i: UpdateAuthorInput!) { updateAuthor(id: \"a1\", input: $i) { name } }","variables":{"i":{}}}`:            `{}`,
		`{"query":"mutation($n: String) { updateAuthor(id: \"a1\", input: {name: $n}) { name } }","variables":{"n":null}}`:              `{"name":null}`,
		`{"query":"mutation($n: String) { updateAuthor(id: \"a1\", input: {name: $n}) { name } }"}`:                                     `{}`,
		`{"query":"mutation($n: String = null) { updateAuthor(id: \"a1\", input: {name: $n}) { name } }"}`:                              `{"name":null}`,
	} {
		w.fresh()
		sendBody(w, body)
		if got := w.asked(); len(got) != 1 || got[0] != "PATCH /authors/a1 "+want {
			t.Errorf("%s: asked %q, want %s", body, got, want)
		}
	}
}

// What is selected below a root field shows its write and those before it, and no later one.
func TestMutation_FieldsInOrder(t *testing.T) {
	w := newWritable(t, nil)
	send(w, `{ author(id: "a1") { name books { title } } }`) // now all of it is cached
	w.fresh()
	const below = `{ title author { name books { title } } }`
	answer := read(t, send(w, `mutation {
		a: replaceBook(id: "b1-1", title: "A") `+below+`
		n: updateAuthor(id: "a1", input: {name: "N"}) { name }
		b: replaceBook(id: "b1-1", title: "B") `+below+`
		c: withdrawBook(id: "b1-2") `+below+`
	}`))
	books := func(one, two string) string {
		return fmt.Sprintf(`[{"title":%q},{"title":%q},{"title":"Book 3 of 1"}]`, one, two)
	}
	want := `{"a":{"title":"A","author":{"name":"Author 1","books":` + books("A", "Book 2 of 1") +
		`}},"n":{"name":"N"},"b":{"title":"B","author":{"name":"N","books":` + books("B", "Book 2 of 1") +
		`}},"c":{"title":"Book 2 of 1 (withdrawn)","author":{"name":"N","books":` + books("B", "Book 2 of 1 (withdrawn)") + `}}}`
	if string(answer.Data) != want {
		t.Errorf("got  %s\nwant %s", answer.Data, want)
	}
	calls := []string{
		`PATCH /authors/a1 {"name":"N"}`, "GET /authors/a1",
		`PUT /books/b1-1 {"title":"A"}`, `POST /books/batch {"ids":["b1-1"]}`,
		`PUT /books/b1-1 {"title":"B"}`, `POST /books/batch {"ids":["b1-1"]}`,
		`POST /books/b1-2/withdraw`, `POST /books/batch {"ids":["b1-2"]}`,
	}
	if got := w.asked(); !slices.Equal(got, calls) {
		t.Errorf("calls %q, want %q", got, calls)
	}
}

func TestMutation_BadInput(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.GraphQL.Limits.Calls = 1 })
	for body, want := range map[string]string{
		`{"query":"mutation { withdrawBook(id: \"\") { id } }"}`:                                             "BAD_USER_INPUT not_executed",
		`{"query":"mutation { updateAuthor(id: \"a\\n\", input: {}) { id } }"}`:                              "BAD_USER_INPUT not_executed",
		`{"query":"mutation($i: ID!) { withdrawBook(id: $i) { id } }","variables":{"i":""}}`:                 "BAD_USER_INPUT not_executed",
		`{"query":"mutation($i: ID!) { withdrawBook(id: $i) { id } }","variables":{"i":{}}}`:                 "BAD_USER_INPUT not_executed",
		`{"query":"mutation($i: ID!) { withdrawBook(id: $i) { id } }"}`:                                      "BAD_USER_INPUT not_executed",
		`{"query":"mutation { a: withdrawBook(id: \"b1-1\") { id } b: withdrawBook(id: \"b1-1\") { id } }"}`: "QUERY_TOO_COMPLEX not_executed",
		`{"query":"mutation { withdrawBook(id: \"b1-1\") { author { books { id } } } }"}`:                    "QUERY_TOO_COMPLEX not_executed",
	} {
		s := read(t, sendBody(w, body))
		if len(s.Errors) != 1 || !strings.HasPrefix(s.failures()[0], want) {
			t.Errorf("%s: %q, want %s", body, s.failures(), want)
		}
	}
	if got := w.asked(); len(got) > 0 {
		t.Errorf("calls %q", got)
	}
}

func TestMutation_ProblemReachesTheForm(t *testing.T) {
	w := newWritable(t, nil)
	s := read(t, send(w, `mutation { a: updateAuthor(id: "a1", input: {name: ""}) { id } b: updateAuthor(id: "x", input: {name: "N"}) { id } }`))
	want := []string{
		`UPSTREAM_REJECTED authors not_executed {"status":422,"title":"Unprocessable Entity","detail":"the author is not valid","errors":[{"location":"body.name","message":"must not be empty"}]}`,
		`UPSTREAM_REJECTED authors not_executed {"status":404,"title":"Not Found","detail":"there is no such author"}`,
	}
	var got []string
	for _, e := range s.Errors {
		got = append(got, fmt.Sprint(e.Extensions.Code, " ", e.Extensions.Service, " ", e.Extensions.Outcome, " ", string(e.Extensions.Problem)))
	}
	if !slices.Equal(got, want) || string(s.Data) != `{"a":null,"b":null}` || s.Extensions != nil {
		t.Errorf("%s, extensions %s, errors\n%q, want\n%q", s.Data, s.Extensions, got, want)
	}
}

// What failed below a write, which was executed, has no outcome.
func TestMutation_FailureBelow(t *testing.T) {
	w := newWritable(t, nil)
	w.authors.Refuse()
	s := read(t, send(w, `mutation { withdrawBook(id: "b1-1") { title author { name } } }`))
	if got := s.failures(); string(s.Data) != `{"withdrawBook":{"title":"Book 1 of 1 (withdrawn)","author":null}}` || !slices.Equal(got, []string{"UPSTREAM_UNAVAILABLE  at [withdrawBook author]"}) {
		t.Errorf("%s, %q", s.Data, got)
	}
}

func TestMutation_AsEvents(t *testing.T) {
	w := newWritable(t, nil)
	answer := send(w, `mutation { withdrawBook(id: "b1-1") { title } }`, "Accept", "text/event-stream")
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `data: {"data":{"withdrawBook":{"title":"Book 1 of 1 (withdrawn)"}}}`) {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	r := httptest.NewRequest(http.MethodGet, "/graphql?query=mutation+%7B+withdrawBook(id:+%22b1-2%22)+%7B+id+%7D+%7D", http.NoBody)
	got := httptest.NewRecorder()
	w.ServeHTTP(got, r)
	if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != http.MethodPost || len(w.asked()) != 1 {
		t.Errorf("by GET: %d, calls %q", got.Code, w.asked())
	}
}

func TestMutation_Cost(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.GraphQL.Cost = true })
	for query, want := range map[string]string{
		`mutation { withdrawBook(id: "b1-1") { id } }`:                                                                                                      `[{"service":"books","keys":1,"at_most":1,"at_least":1,"assumed":false}]`,
		`mutation { a: withdrawBook(id: "b1-1") { id } b: withdrawBook(id: "b1-1") { id } }`:                                                                `[{"service":"books","keys":2,"at_most":2,"at_least":2,"assumed":false}]`,
		`mutation { a: withdrawBook(id: "b1-1") { author { id } } b: withdrawBook(id: "b1-1") { author { id } } updateAuthor(id: "a1", input: {}) { id } }`: `[{"service":"authors","keys":3,"at_most":3,"at_least":3,"assumed":false},{"service":"books","keys":2,"at_most":2,"at_least":2,"assumed":false}]`,
		`mutation { updateAuthor(id: "a1", input: {}) { books { id } } }`:                                                                                   `[{"service":"authors","keys":1,"at_most":1,"at_least":1,"assumed":false},{"service":"books","keys":10,"at_most":1,"at_least":1,"assumed":true}]`,
	} {
		var extensions struct {
			Cost struct{ Services json.RawMessage }
		}
		s := read(t, send(w, query, "Tributary-Cost", "1"))
		if err := json.Unmarshal(s.Extensions, &extensions); err != nil || string(extensions.Cost.Services) != want {
			t.Errorf("%s costs %s (%v), want %s", query, extensions.Cost.Services, err, want)
		}
	}
}

func TestMutation_Waterfall(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.GraphQL.Trace = true })
	var extensions struct {
		Trace struct {
			Rows []struct {
				Attempt *struct {
					Method string
					Write  bool
				}
			}
		}
	}
	s := read(t, send(w, `mutation { withdrawBook(id: "b1-1") { author { id name } } }`, "Tributary-Trace", "1"))
	if err := json.Unmarshal(s.Extensions, &extensions); err != nil {
		t.Fatal(err)
	}
	attempts := map[string]bool{}
	for _, row := range extensions.Trace.Rows {
		if row.Attempt != nil {
			attempts[row.Attempt.Method] = row.Attempt.Write
		}
	}
	if len(attempts) != 2 || !attempts[http.MethodPost] || attempts[http.MethodGet] {
		t.Errorf("attempts %v in %s", attempts, s.Extensions)
	}
}
