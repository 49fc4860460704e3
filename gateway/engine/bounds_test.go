package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

func limited(t *testing.T, response int) *server {
	t.Helper()
	bounds := limits.Default()
	bounds.Response = response
	return newServer(t, engine.Config{Limits: bounds, Batching: 10})
}

// What stands beside the data counts as well.
func TestResponseLimit_CountsTheWholeAnswer(t *testing.T) {
	for name, query := range map[string]string{
		"errors":          `{ fails(kind: "input") hello }`,
		"an error or two": `{ a: fails(kind: "timeout") b: fails(kind: "unknown") hello }`,
		"degraded":        `{ fails(kind: "timeout") }`,
		"omitted errors":  `{` + times(120, ` a#: fails(kind: "unknown")`) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			whole := limited(t, 1<<20).ask(query).text
			if at := limited(t, len(whole)).ask(query); at.text != whole {
				t.Errorf("of %d bytes, which are allowed, came %s", len(whole), at.text)
			}
			limited(t, len(whole)-1).ask(query).expect(http.StatusUnprocessableEntity, tooComplex)
		})
	}
}

func TestErrors_AreCountedBeyondOneHundred(t *testing.T) {
	for n, omitted := range map[int]any{99: nil, 100: nil, 101: 1.0, 499: 399.0} {
		a := newServer(t, engine.Config{}).ask(`{` + times(n, ` a#: fails(kind: "unknown")`) + `}`).answer()
		if len(a.Errors) != min(n, 100) || a.Extensions["errorsOmitted"] != omitted {
			t.Errorf("of %d errors there are %d, and %v omitted", n, len(a.Errors), a.Extensions["errorsOmitted"])
		}
	}
}

func TestResponseLimit_BoundsABatch(t *testing.T) {
	one := body(t, `{ hello(name: "`+strings.Repeat("a", 300)+`") }`)
	reply := limited(t, 1000).post("[" + strings.Repeat(one+",", 9) + one + "]")
	if served := strings.Count(reply.text, "hello aaa"); served != 3 || strings.Count(reply.text, tooComplex) != 7 {
		t.Errorf("%d of ten answers of 328 bytes were served, want 3 within 1000 bytes: %s", served, reply.text)
	}
	if length := reply.header.Get("Content-Length"); length != fmt.Sprint(len(reply.text)) {
		t.Errorf("Content-Length: %s, of %d bytes", length, len(reply.text))
	}
}

// A stream ends with an answer that is too long, and goes on after an event that is.
func TestResponseLimit_BoundsStreams(t *testing.T) {
	bounds := limits.Default()
	bounds.Response = len(`{"data":{"ticks":1}}`) // and there is a line feed
	s := newStreaming(t, usualStreams(), bounds)
	const refused = `{"message":"the response has more than 20 bytes","extensions":{"allowed":20,"code":"QUERY_TOO_COMPLEX","limit":"response"}}`
	event := "event: next\ndata: {\"errors\":[" + refused + "],\"data\":null}\n\n"
	if got := all(t, s.listen(t.Context(), "subscription { ticks(to: 2) }")); got != event+event+complete {
		t.Errorf("by server-sent events: %q", got)
	}
	if got := all(t, s.listen(t.Context(), "{ hello }")); !strings.HasPrefix(got, "event: next\ndata: {\"errors\":["+refused+"]") || !strings.HasSuffix(got, complete) {
		t.Errorf("a query by server-sent events: %q", got)
	}
	c := s.greeted(t)
	c.Subscribe("a", "{ hello }")
	c.Expect(`{"id":"a","type":"error","payload":[` + refused + `]}`)
	c.Subscribe("b", "subscription { ticks(to: 1) }")
	c.Expect(`{"id":"b","type":"next","payload":{"errors":[`+refused+`],"data":null}}`, `{"id":"b","type":"complete"}`)
}
