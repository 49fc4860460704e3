package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/auth/authtest"
)

func TestMutation_NeverCoalesced(t *testing.T) {
	w := newWritable(t, nil)
	for range 2 {
		send(w, `mutation { a: publishBook(input: {authorId: "a1", title: "T"}) { id } b: publishBook(input: {authorId: "a1", title: "T"}) { id } }`)
	}
	if got := w.asked(); len(got) != 4 {
		t.Errorf("calls %q", got)
	}
	keys := map[string]bool{}
	for _, r := range w.books.Requests() {
		keys[r.Header.Get("Idempotency-Key")] = true
	}
	if len(keys) != 4 || keys[""] {
		t.Errorf("keys %v, want four", keys)
	}
}

func TestMutation_ClientsKey(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.GraphQL.Batching = 5 })
	const publish = `mutation { a: publishBook(input: {authorId: "a1", title: "T"}) { id } b: publishBook(input: {authorId: "a1", title: "T"}) { id } }`
	one := send(w, publish, "Idempotency-Key", "k")
	again := send(w, publish, "Idempotency-Key", "k")
	if one.Body.String() != again.Body.String() {
		t.Errorf("the same key: %s and %s", one.Body, again.Body)
	}
	if other := send(w, publish, "Idempotency-Key", "l"); other.Body.String() == one.Body.String() {
		t.Errorf("another key: %s", other.Body)
	}
	body, _ := json.Marshal(map[string]string{"query": publish})
	batch := "[" + string(body) + "," + string(body) + "]"
	first := sendBody(w, batch, "Idempotency-Key", "m")
	second := sendBody(w, batch, "Idempotency-Key", "m")
	if first.Body.String() != second.Body.String() {
		t.Errorf("a batch: %s and %s", first.Body, second.Body)
	}
	var list []shown
	if err := json.Unmarshal(first.Body.Bytes(), &list); err != nil || len(list) != 2 || string(list[0].Data) == string(list[1].Data) {
		t.Errorf("%v in %s", err, first.Body)
	}
	ids := map[string]bool{}
	for _, r := range w.books.Requests() {
		ids[r.Header.Get("Idempotency-Key")] = true
	}
	if len(ids) != 2+2+4 || ids["k"] {
		t.Errorf("keys %v", ids)
	}
}

// Clients that sign in as someone else do not meet, whatever keys they choose; one that sends
// its request again does.
func TestMutation_KeyOfAnother(t *testing.T) {
	p := authtest.New(t)
	bearer := func(subject string, claims map[string]any) []string {
		return []string{"Authorization", "Bearer " + p.Token(t, subject, claims)}
	}
	forwarded := func(cfg *gatewayConfig) { cfg.Forward.Headers = []string{"Cookie@books"} }
	verified := func(cfg *gatewayConfig) { forwarded(cfg); cfg.Auth = p.Config() }
	for name, tt := range map[string]struct {
		change  func(*gatewayConfig)
		clients [][]string    // that do not meet
		same    [][2][]string // that are one
	}{
		"not verified": {nil, [][]string{nil, {"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}, {"Authorization", "Basic a"}}, nil},
		"by cookies": {
			forwarded,
			[][]string{nil, {"Cookie", "session=a"}, {"Cookie", "session=b"}, {"Cookie", "session=a", "Authorization", "Bearer a"}},
			[][2][]string{{{"Cookie", "session=a"}, {"Cookie", "session=a", "Accept-Language", "de"}}},
		},
		"verified": {
			verified,
			[][]string{
				nil, {"Cookie", "session=a"}, bearer("v1", nil), bearer("v2", nil),
				bearer("v1", map[string]any{"azp": "c1"}), bearer("v1", map[string]any{"azp": "c2"}),
			},
			[][2][]string{
				{bearer("v1", nil), bearer("v1", map[string]any{"jti": "another"})},
				{bearer("v1", nil), bearer("v1", map[string]any{"scope": "more than before"})},
				{bearer("v1", nil), append(bearer("v1", nil), "Cookie", "session=another")},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWritable(t, tt.change)
			publish := func(headers []string) string {
				answer := read(t, send(w, `mutation { publishBook(input: {authorId: "a1", title: "T"}) { id } }`, append([]string{"Idempotency-Key", "k"}, headers...)...))
				if len(answer.Errors) > 0 {
					t.Fatalf("%v: %v", headers, answer.Errors)
				}
				return string(answer.Data)
			}
			seen := map[string][]string{}
			for _, who := range tt.clients {
				one, again := publish(who), publish(who)
				if other, taken := seen[one]; one != again || taken {
					t.Errorf("%q gets %s and then %s, %q the same", who, one, again, other)
				}
				seen[one] = who
			}
			for _, who := range tt.same {
				if one, again := publish(who[0]), publish(who[1]); one != again {
					t.Errorf("%q gets %s, %q %s", who[0], one, who[1], again)
				}
			}
		})
	}
}

func TestMutation_KeyIsRefused(t *testing.T) {
	w := newWritable(t, nil)
	const publish = `mutation { publishBook(input: {authorId: "a1", title: "T"}) { id } }`
	for name, keys := range map[string][]string{
		"empty": {""}, "long": {strings.Repeat("x", 256)}, "a blank": {"a b"}, "not ASCII": {"ж"}, "a control": {"a\x7f"}, "two": {"a", "b"},
	} {
		var headers []string
		for _, key := range keys {
			headers = append(headers, "Idempotency-Key", key)
		}
		answer := send(w, publish, headers...)
		if got := read(t, answer).failures(); answer.Code != http.StatusBadRequest || !slices.Equal(got, []string{"BAD_USER_INPUT not_executed at []"}) {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
		if answer := send(w, `{ __typename }`, headers...); answer.Code != http.StatusOK {
			t.Errorf("%s, a query: %d %s", name, answer.Code, answer.Body)
		}
	}
	if got := w.asked(); len(got) > 0 {
		t.Errorf("calls %q", got)
	}
}
