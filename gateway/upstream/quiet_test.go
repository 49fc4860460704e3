package upstream_test

import (
	"strings"
	"testing"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// secret is sent by a service; no part of it may be logged.
const secret = "4111111111111111"

func quiet(t *testing.T, what string, err error, says string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	if text := err.Error(); strings.Contains(text, secret[:4]) || !strings.Contains(text, says) {
		t.Errorf("%s: %q, want it to say %q and nothing of what was sent", what, text, says)
	}
}

// Errors are logged, so they must not contain bodies.
func TestErrors_DecodingQuotesNothing(t *testing.T) {
	type part struct {
		Count *int32 `json:"count"`
		Whole *bool  `json:"whole"`
	}
	type thing struct {
		ID    *string `json:"id"`
		Parts []part  `json:"parts"`
	}
	for answer, says := range map[string]string{
		`{"parts":[{},{"count":` + secret + `}]}`:               `"/parts/1/count": want int32`,
		`{"parts":[{"whole":"` + secret + `"}]}`:                `"/parts/0/whole": want bool`,
		`{"id":` + secret + `}`:                                 `"/id": want string`,
		`{"parts":"` + secret + `"}`:                            `"/parts": want []upstream_test.part`,
		`{"` + secret + `":{"` + secret + `":` + secret + `x}}`: "invalid JSON at byte 56",
		`{"id":"\u` + secret[:3] + `x"}`:                        "invalid JSON at byte 7",
		`{"id":"a"} ` + secret:                                  "invalid JSON at byte 11",
		`{"id":"` + secret:                                      "truncated JSON at byte 23",
		secret:                                                  "not a JSON object",
	} {
		quiet(t, answer, upstream.DecodeObject([]byte(answer), &thing{}), says)
	}
	quiet(t, "a list", upstream.DecodeList([]byte(`[1,"`+secret+`"]`), &[]int{}), `"/1": want int`)
}

func TestErrors_NetHTTPQuotesNothing(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for answer, says := range map[string]string{
		secret + "\r\n\r\n":                                                "malformed HTTP response",
		"HTTP/1.1 " + secret + " X\r\n\r\n":                                "malformed HTTP status code",
		"HTTP/" + secret + " 200 OK\r\n\r\n":                               "malformed HTTP version",
		ok + secret + "\r\n\r\n":                                           "malformed MIME header",
		ok + "X-A: a\r\n" + secret + "\r\n\r\n":                            "malformed MIME header",
		ok + "Content-Length: " + secret + "x\r\n\r\n":                     "bad Content-Length",
		ok + "Transfer-Encoding: " + secret + "\r\n\r\n":                   "unsupported transfer encoding",
		ok + "Transfer-Encoding: chunked\r\n\r\n" + secret + "x":           "",
		ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + secret:            "",
		ok + "Content-Length: 1\r\nContent-Length: " + secret + "\r\n\r\n": "multiple Content-Length headers",
	} {
		c := over(t, once, faultyupstream.Always(faultyupstream.Raw(answer)))
		_, err := c.Get(t.Context(), "/things/{id}", "t1")
		quiet(t, answer, err, says)
		if got := reason(t, err); got != "unavailable" {
			t.Errorf("%q is %s", answer, got)
		}
	}
}
