package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"tributary/gateway/access"
	"tributary/gateway/internal/testgraph"
	"tributary/gateway/telemetry"
	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/wstest"
)

// A field that the viewer may not see is not executed, and says so. Its siblings are.
func TestMutation_RefusedField(t *testing.T) {
	deny := access.Rule{Scopes: [][][]string{{{"editor"}}}}
	w := newWritable(t, withRules(access.Rules{"Mutation.withdrawBook": deny, "Mutation.replaceBook": deny, "Author.name": deny}))
	for query, want := range map[string][]string{
		`mutation { withdrawBook(id: "b1-1") { id } }`:                                                           {"UNAUTHENTICATED not_executed at [withdrawBook]"},
		`mutation { a: replaceBook(id: "b1-1", title: "T") { id } b: updateAuthor(id: "a1", input: {}) { id } }`: {"UNAUTHENTICATED not_executed at [a]"},
		`mutation { ...f } fragment f on Mutation { b: withdrawBook(id: "b1-1") { id } }`:                        {"UNAUTHENTICATED not_executed at [b]"},
		`mutation { updateAuthor(id: "a1", input: {}) { name } }`:                                                {"UNAUTHENTICATED  at [updateAuthor name]"},
		`{ author(id: "a1") { name } }`:                                                                          {"UNAUTHENTICATED  at [author name]"},
	} {
		if got := read(t, send(w, query)).failures(); !slices.Contains(got, want[0]) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, line := range w.asked() {
		if !strings.HasPrefix(line, "PATCH /authors/a1") && !strings.HasPrefix(line, "GET") {
			t.Errorf("called: %s", line)
		}
	}
}

// long answers a write with a book whose title is n bytes long.
func long(n int) faultyupstream.Behaviour {
	return faultyupstream.JSON(`{"id":"b1-1","title":"` + strings.Repeat("x", n) + `","price":1,"author_id":"a1"}`)
}

const replace = `mutation { replaceBook(id: "b1-1", title: "T") { title } }`

// A mutation whose answer is too long was executed, and its client is told so by each transport.
func TestMutation_AnswerTooLong(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.GraphQL.Limits.Response = 2000 })
	w.books.SetScript(faultyupstream.Always(long(3000)))
	answer := send(w, replace, "Accept", "application/graphql-response+json")
	if got := read(t, answer).failures(); !slices.Equal(got, []string{"QUERY_TOO_COMPLEX unknown at []"}) || answer.Header().Get("Tributary-Seen") == "" {
		t.Errorf("%d %q, %v", answer.Code, got, answer.Header())
	}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	ws, _ := wstest.Dial(t, strings.Replace(server.URL, "http", "ws", 1)+"/graphql", wstest.Protocol, nil)
	defer func() { _ = ws.Conn.CloseNow() }()
	ws.Init().Subscribe("1", replace)
	text, err := ws.Next()
	var message struct {
		Type    string
		Payload shown
	}
	if err != nil || json.Unmarshal([]byte(text), &message) != nil || message.Type != "next" ||
		!slices.Equal(message.Payload.failures(), []string{"QUERY_TOO_COMPLEX unknown at []"}) || !strings.Contains(string(message.Payload.Extensions), `"seen":"`) {
		t.Errorf("%v %s", err, text)
	}
	ws.Expect(`{"id":"1","type":"complete"}`)
	ws.Subscribe("2", `mutation($id: ID!) { replaceBook(id: $id, title: "T") { title } }`)
	if text, err := ws.Next(); err != nil || !strings.HasPrefix(text, `{"id":"2","type":"error"`) || !strings.Contains(text, `"outcome":"not_executed"`) {
		t.Errorf("refused: %v %s", err, text)
	}
}

// No status that lets proxies repeat a request answers a mutation that may have been executed.
func TestMutation_NoMemoryLeft(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) {
		cfg.GraphQL.Admission.ResponsesMB, cfg.GraphQL.Limits.Response = 1, 340<<10
	})
	release := make(chan struct{})
	w.authors.SetScript(faultyupstream.Always(faultyupstream.JSON(`{"id":"a1","name":"` + strings.Repeat("x", 900<<10) + `"}`)))
	w.books.SetScript(func(int) faultyupstream.Behaviour {
		return func(e *faultyupstream.Exchange) bool {
			if e.Request.Method == http.MethodPut {
				return long(300 << 10)(e)
			}
			return faultyupstream.BlockUntil(release, long(1))(e)
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		send(w, `{ author(id: "a1") { id } book(id: "b1-1") { id } }`)
	}()
	testkit.WaitFor(t, "the memory to be in use", func() bool {
		n, _ := testkit.Metric(t, w.reg, "admission_responses_bytes")
		return n >= 800<<10 && len(w.books.Requests()) == 1
	})
	for _, media := range []string{"application/json", "application/graphql-response+json"} {
		answer := send(w, replace, "Accept", media)
		got := read(t, answer).failures()
		if !slices.Equal(got, []string{"OVERLOADED unknown at []"}) || answer.Header().Get("Retry-After") != "" || answer.Code == http.StatusServiceUnavailable {
			t.Errorf("%s: %d %v %q", media, answer.Code, answer.Header(), got)
		}
	}
	close(release)
	<-done
	if n := len(w.books.Requests()); n != 3 {
		t.Errorf("%d calls of books", n)
	}
}

// A batch that is too long loses answers to queries first, and none to mutations without their
// outcome.
func TestMutation_BatchTooLong(t *testing.T) {
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.GraphQL.Batching, cfg.GraphQL.Limits.Response = 5, 4000 })
	w.books.SetScript(func(int) faultyupstream.Behaviour {
		return func(e *faultyupstream.Exchange) bool {
			if e.Request.Method == http.MethodPut {
				return long(len(e.Request.URL.Path) * 100)(e) // 1400 for b1-10, and so on
			}
			return w.execute[testgraph.Books](e)
		}
	})
	w.authors.SetScript(faultyupstream.Always(faultyupstream.JSON(`{"id":"a1","name":"` + strings.Repeat("x", 3000) + `"}`)))
	put := func(id string) string {
		return fmt.Sprintf(`mutation { replaceBook(id: %q, title: "T") { title } }`, id)
	}
	const big, bad = `{ author(id: "a1") { name } }`, `mutation { replaceBook(id: "", title: "T") { title } }`
	for name, tt := range map[string]struct {
		batch []string
		want  []string // of each: "" is data
	}{
		"a query is first":   {[]string{big, put("b1-1000000000")}, []string{"QUERY_TOO_COMPLEX ", ""}},
		"a query is last":    {[]string{put("b1-1000000000"), bad, big}, []string{"", "BAD_USER_INPUT not_executed", "QUERY_TOO_COMPLEX "}},
		"they fit":           {[]string{put("b1-1"), bad}, []string{"", "BAD_USER_INPUT not_executed"}},
		"mutations alone":    {[]string{put("b1-1000000000"), put("b1-1000000000")}, []string{"QUERY_TOO_COMPLEX unknown"}},
		"mutations, queries": {[]string{big, put("b1-1000000000"), put("b1-1000000000")}, []string{"QUERY_TOO_COMPLEX ", "QUERY_TOO_COMPLEX unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			list := make([]map[string]string, len(tt.batch))
			for i, query := range tt.batch {
				list[i] = map[string]string{"query": query}
			}
			body, _ := json.Marshal(list)
			answer := sendBody(w, string(body))
			var results []shown
			if err := json.Unmarshal(answer.Body.Bytes(), &results); err != nil || len(results) != len(list) {
				t.Fatalf("%v in %s", err, answer.Body)
			}
			var got []string
			for _, r := range results {
				one := ""
				for _, failure := range r.failures() {
					one, _, _ = strings.Cut(failure, " at ")
				}
				got = append(got, one)
			}
			if strings.HasPrefix(name, "mutations") { // which one is too long is a matter of chance
				for _, want := range tt.want {
					if !slices.Contains(got, want) {
						t.Errorf("%q, want %q", got, tt.want)
					}
				}
			} else if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if answer.Body.Len() > 4000+500 {
				t.Errorf("the answer has %d bytes", answer.Body.Len())
			}
		})
	}
}

// A refusal for a reason that concerns the client is no failure: neither in metrics nor in the log.
func TestMutation_RefusalIsNoFailure(t *testing.T) {
	w := newWritable(t, nil)
	for _, query := range []string{
		`mutation { updateAuthor(id: "a1", input: {name: ""}) { id } }`,
		`mutation { updateAuthor(id: "x", input: {name: "N"}) { id } }`,
		`mutation { replaceBook(id: "b1-1", title: "") { id } }`,
	} {
		send(w, query)
	}
	for outcome, want := range map[string]float64{"refused": 3, "rejected": 0, "not_found": 0} {
		if n, _ := testkit.Metric(t, w.reg, "upstream_call_duration_seconds", outcome); n != want {
			t.Errorf("%v calls %s, want %v", n, outcome, want)
		}
	}
	if n, _ := testkit.Metric(t, w.reg, "graphql_operations_total", "mutation", "refused"); n != 3 {
		t.Errorf("%v operations refused", n)
	}
	w.authors.SetScript(faultyupstream.Always(faultyupstream.Answer(403, ``)))
	w.books.SetScript(faultyupstream.Always(faultyupstream.Answer(500, ``)))
	send(w, `mutation { updateAuthor(id: "a1", input: {name: "N"}) { id } }`)
	send(w, `mutation { withdrawBook(id: "b1-1") { id } }`)
	for outcome, want := range map[string]float64{"refused": 3, "rejected": 1, "unavailable": 1} {
		if n, _ := testkit.Metric(t, w.reg, "upstream_call_duration_seconds", outcome); n != want {
			t.Errorf("then %v calls %s, want %v", n, outcome, want)
		}
	}
	if n, _ := testkit.Metric(t, w.reg, "graphql_operations_total", "mutation", "partial"); n != 1 {
		t.Errorf("%v operations partial", n)
	}
}

// The log has why a root field failed, and what is known of its write.
func TestMutation_OutcomeInTheLog(t *testing.T) {
	w := newWritable(t, nil)
	var mu sync.Mutex
	var log bytes.Buffer
	handler, _ := assemble(t, w.urls(), func(telemetry.LogConfig) *slog.Logger {
		return slog.New(slog.NewJSONHandler(lockedWriter{&mu, &log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}, nil)
	for outcome, tt := range map[string]struct {
		query  string
		behave faultyupstream.Behaviour
		want   string
	}{
		"unknown":      {`mutation { withdrawBook(id: "b1-1") { id } }`, faultyupstream.Reset(), "WARN Mutation.withdrawBook UPSTREAM_UNAVAILABLE unknown"},
		"refused":      {`mutation { withdrawBook(id: "b1-1") { id } }`, faultyupstream.Answer(404, ``), "DEBUG Mutation.withdrawBook UPSTREAM_REJECTED not_executed"},
		"not admitted": {`mutation { withdrawBook(id: "b1-1") { id } }`, faultyupstream.Answer(403, ``), "WARN Mutation.withdrawBook UPSTREAM_REJECTED not_executed"},
		"below":        {`mutation { updateAuthor(id: "a1", input: {}) { books { id } } }`, faultyupstream.Reset(), "WARN Author.books UPSTREAM_UNAVAILABLE "},
	} {
		w.books.SetScript(faultyupstream.Always(tt.behave))
		mu.Lock()
		log.Reset()
		mu.Unlock()
		send(handler, tt.query)
		var got []string
		mu.Lock()
		for line := range strings.Lines(log.String()) {
			var l struct{ Level, Msg, Path, Code, Outcome string }
			if err := json.Unmarshal([]byte(line), &l); err == nil && l.Msg == "field failed" {
				got = append(got, strings.Join([]string{l.Level, l.Path, l.Code, l.Outcome}, " "))
			}
		}
		mu.Unlock()
		if !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s: %q, want %q", outcome, got, tt.want)
		}
	}
}
