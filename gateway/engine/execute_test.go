package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/engine"
	"tributary/gateway/engine/document"
)

func TestExecute_PanicInField(t *testing.T) {
	s := newServer(t, engine.Config{})
	got := s.ask(`{ a: hello panics me { panics b: hello } }`).expect(294, "INTERNAL")
	got.data(`{"a":"hello you","panics":null,"me":{"panics":null,"b":"hello you"}}`)
	a := got.answer()
	if len(a.Errors) != 2 || fmt.Sprint(a.Errors[0].Path, a.Errors[1].Path) != "[panics] [me panics]" {
		t.Errorf("errors: %+v", a.Errors)
	}
	if strings.Contains(got.text, "secret") || strings.Contains(got.text, "goroutine") {
		t.Errorf("the client reads of the panic: %s", got.text)
	}
	for _, part := range []string{"secret-of-the-panic", `"level":"ERROR"`, `"path":"Query.panics"`, "schema_test.go"} {
		if !strings.Contains(s.log.String(), part) {
			t.Errorf("the log has no %s: %s", part, s.log)
		}
	}
	if n := s.count("graphql_panics_total"); n != 2 {
		t.Errorf("%v panics were counted, want 2", n)
	}
	s.ask(`{ hello }`).expect(200, "")
}

func TestErrors_ClientMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		query, code, message string
		service              any
		log                  string
	}{
		"of a service":        {`{ x: fails(kind: "timeout") }`, "UPSTREAM_TIMEOUT", "the drafts service did not answer in time", "drafts", "secret-host"},
		"of the client":       {`{ x: fails(kind: "input") }`, "BAD_USER_INPUT", "an id must not be empty", nil, "DEBUG"},
		"that nobody expects": {`{ x: fails(kind: "unknown") }`, "INTERNAL", "internal error", nil, "/etc/secret"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{})
			got := s.ask(tt.query).expect(294, tt.code)
			e := got.answer().Errors[0]
			if e.Message != tt.message || e.Extensions["service"] != tt.service || fmt.Sprint(e.Path) != "[x]" {
				t.Errorf("error %+v", e)
			}
			if strings.Contains(got.text, "secret") {
				t.Errorf("internals in %s", got.text)
			}
			if !strings.Contains(s.log.String(), tt.log) || !strings.Contains(s.log.String(), `"path":"Query.fails"`) {
				t.Errorf("the log has no %s of Query.fails: %s", tt.log, s.log)
			}
			if degraded := strings.Contains(got.text, `"extensions":{"degraded":[{"service":"drafts","reason":"timeout"}]}}`); degraded != (tt.service != nil) {
				t.Errorf("degraded, or not, in %s", got.text)
			}
		})
	}
}

// A resolver that gives nothing where there must be something is a defect.
func TestErrors_NullInNonNull(t *testing.T) {
	s := newServer(t, engine.Config{})
	s.ask(`{ hello empty }`).expect(294, "INTERNAL")
}

func TestMetrics_Operations(t *testing.T) {
	known, err := document.NewTrusted(`query Greeting { hello }`)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, engine.Config{}, engine.Deps{Trusted: known})
	s.ask(`query Greeting { hello }`)
	s.ask(`query Greeting { hello panics }`) // the name is taken from another document
	s.ask(`query Mine { hello }`)
	s.ask(`{ hello hello }`)
	s.ask(`{`)
	s.post(`nonsense`) // is no operation
	for labels, want := range map[string]float64{
		"Greeting complete query": 1,
		"other partial query":     1,
		"other complete query":    2,
		"other refused unknown":   1,
	} {
		if got := s.count("graphql_operations_total", strings.Fields(labels)...); got != want {
			t.Errorf("%v are %s, want %v", got, labels, want)
		}
	}
}

func TestExecute_Deadline(t *testing.T) {
	s := newServer(t, engine.Config{})
	for name, left := range map[string]time.Duration{"before it begins": -time.Second, "while it waits": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			defer cancel()
			r := s.handler.Execute(ctx, engine.Request{Query: `{ waits }`})
			if data := string(r.Data); data != `null` && data != `{"waits":null}` {
				t.Errorf("data %s", data)
			}
			if len(r.Errors) != 1 || r.Errors[0].Extensions["code"] != "UPSTREAM_TIMEOUT" {
				t.Errorf("errors %v", r.Errors)
			}
		})
	}
}

func TestExecute_ClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, engine.Config{})
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan *engine.Result)
		go func() {
			ended <- s.handler.Execute(ctx, engine.Request{Query: `{ waits panics fails(kind: "unknown") }`})
		}()
		synctest.Wait()
		leave()
		if r := <-ended; !r.Canceled() || r.Data != nil {
			t.Errorf("data %s, errors %v", r.Data, r.Errors)
		}
		told := map[string]bool{`"msg":"panic","path":"Query.panics"`: false, "secret: cannot read": false}
		for line := range strings.Lines(s.log.String()) {
			for part := range told {
				told[part] = told[part] || strings.Contains(line, part) && strings.Contains(line, `"level":"ERROR"`)
			}
			if strings.Contains(line, "Query.waits") && !strings.Contains(line, `"level":"DEBUG"`) {
				t.Errorf("told: %s", line)
			}
		}
		for part, is := range told {
			if !is {
				t.Errorf("no %s in %s", part, s.log)
			}
		}
		if s.count("graphql_panics_total") != 1 || s.count("graphql_operations_total", "other", "canceled", "query") != 1 {
			t.Error("not counted")
		}
	})
}

func TestErrors_Rejection(t *testing.T) {
	s := newServer(t, engine.Config{})
	for query, want := range map[string]string{
		"{" + strings.Repeat(" hello", 2001) + "}":                            "the document has 2001 selections, more than 2000",
		"{ " + strings.Repeat("a", 1<<20-40) + " }":                           "Cannot query field \"" + strings.Repeat("a", 280) + "…",
		"{" + strings.Repeat("many{", 30) + "hello" + strings.Repeat("}", 31): "the response is estimated to have more than 1000000 fields",
		"{ sum(of: [" + strings.Repeat("1 ", 15_000) + "]) }":                 "the document has more than 15000 tokens",
		"query($n: String!) { hello(name: $n) }":                              "Variable \"$n\" of required type \"String!\" was not provided.",
		"query A { hello } query B { hello }":                                 "the document has several operations: name one in operationName: \"A\" or \"B\"",
	} {
		if got := s.ask(query).answer().Errors[0].Message; got != want {
			t.Errorf("message %q, want %q", got, want)
		}
	}
}

func TestDocuments_OnlyValidCached(t *testing.T) {
	s := newServer(t, engine.Config{})
	for range 3 {
		s.ask(`{ goodbye }`).expect(422, "GRAPHQL_VALIDATION_FAILED")
		s.ask(`query($n: String!) { hello(name: $n) }`).expect(422, "BAD_USER_INPUT")
		s.post(`{"query":"query($n: String!) { hello(name: $n) }","variables":{"n":"a"}}`).expect(200, "").data(`{"hello":"hello a"}`)
	}
}

func TestExecute_Concurrent(t *testing.T) {
	s := newServer(t, engine.Config{})
	done := make(chan reply)
	for i := range 20 {
		go func() { done <- s.ask(fmt.Sprintf(`{ a%d: hello me { b: hello } ... @defer { c: hello } }`, i%3)) }()
	}
	for range 20 {
		if r := <-done; r.status != http.StatusOK || !strings.Contains(r.text, `"c":"hello you"`) {
			t.Errorf("status %d: %s", r.status, r.text)
		}
	}
}
