package graphqlserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/graphqlserver"
)

func limited(t *testing.T, response int) *server {
	t.Helper()
	limits := graphqlserver.DefaultLimits()
	limits.Response = response
	return newServer(t, graphqlserver.Config{Limits: limits, Batching: 10})
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
		a := newServer(t, graphqlserver.Config{}).ask(`{` + times(n, ` a#: fails(kind: "unknown")`) + `}`).answer()
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
