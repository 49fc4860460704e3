package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"tributary/internal/testkit"
)

// evil ends a line of a log, forges the next, and moves a terminal's cursor: by
// ESC, by a control character of 8 bits, by a separator of lines that JSON lets
// pass, and by turning the direction of writing.
const evil = "u1\r\n{\"msg\":\"forged\"}\x1b[2J\u009b2J\u2028\u202e\x7f"

// evilHeader is the part of it that is valid in a header.
const evilHeader = "forged\u009b2J\u2028\u202e"

// inject says evil things wherever a client may say something, and gives the
// number of requests that it made.
func (s *system) inject() (requests int) {
	s.t.Helper()
	quoted := func(text string) string {
		j, err := json.Marshal(text)
		if err != nil {
			s.t.Fatal(err)
		}
		return string(j)
	}
	for _, body := range []string{
		`{"query":"query($id: ID!) { user(id: $id) { id } }","variables":{"id":` + quoted(evil) + `}}`,
		`{"query":"{ user(id: ` + strings.Trim(quoted(quoted(evil)), `"`) + `) { id } }"}`,
		`{"query":` + quoted("{ user(id: \"u1\") { id } } # "+evil) + `}`,
		`{"query":` + quoted("query "+evil+" { __typename }") + `}`,
		`{"query":"query A { __typename }","operationName":` + quoted(evil) + `}`,
		`{"query":"query($e: E) { __typename }","variables":{` + quoted(evil) + `:` + quoted(evil) + `}}`,
		`{"query":"query($id: [ID!]!) { users(ids: $id) { id } }","variables":{"id":{` + quoted(evil) + `:1}}}`,
		`{"documentId":` + quoted(evil) + `}`,
		`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":` + quoted(evil) + `}}}`,
		evil,
	} {
		s.call(http.MethodPost, s.gateway+"/graphql", body)
		s.events(body)
		requests += 2
	}
	for _, path := range []string{"/api/profile/", "/graphql/", "/graphql?query=", "/graphql?operationName=", "/graphql?" + url.QueryEscape(evil) + "=", "/"} {
		s.call(http.MethodGet, s.gateway+path+url.QueryEscape(evil), "")
		requests++
	}
	for _, name := range []string{
		"X-Request-Id", "Traceparent", "Tracestate", "User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Cookie", "Origin", "Referer",
		"If-None-Match", "Prefer", "X-Request-Timeout", "Tributary-Trace", "Tributary-Cost", "X-Apollo-Operation-Name", "X-Forwarded-For",
	} {
		s.send(http.MethodGet, s.gateway+"/graphql?query={user(id:%22u1%22){id}}", "", name, evilHeader)
		s.send(http.MethodPost, s.gateway+"/graphql", `{"query":"{ __typename }"}`, "Content-Type", "application/json; charset="+evilHeader, name, evilHeader)
		requests += 2
	}
	for _, header := range []string{"X-Request-Id: a\x1b[2J", "X-Request-Id: a\rb", "X-\x1b[2J: a", "forged"} {
		conn := s.connect("GET /graphql HTTP/1.1\r\nHost: gateway\r\n" + header + "\r\n\r\n")
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != http.StatusBadRequest { // and no route is reached
			s.t.Errorf("%q: %v %v", header, resp, err)
		}
	}
	c, _ := dial(s.t, s.gateway)
	c.Init().Send(`{"id":` + quoted(evil) + `,"type":"subscribe","payload":{"query":"{ user(id: \"u1\") { id } }"}}`)
	for range 2 { // next and complete
		if got, err := c.Next(); err != nil || !json.Valid([]byte(got)) {
			s.t.Errorf("%v %s", err, got)
		}
	}
	c.Send(`{"type":` + quoted(evil) + `}`)
	c.Closed(4400)
	return requests + 1
}

// Each request has one line in the log, without control characters of the client.
func TestLogInjection_ClientValues(t *testing.T) {
	t.Parallel()
	for format, begins := range map[string]*regexp.Regexp{
		"json": regexp.MustCompile(`^\{"time":"`), "text": regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} (DBG|INF|WRN|ERR) `),
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := dev(t, "--log-format="+format, "--log-level=debug", "--graphql-trusted-mode=log", "--forward-headers=Authorization@users,Accept-Language")
			requests := s.inject()
			gateways := regexp.MustCompile(map[string]string{"json": `"msg":"request","method"`, "text": ` request method=`}[format])
			waitFor(t, func() bool { return len(gateways.FindAllString(s.logged(), -1)) >= requests }) // the last one may be late
			if n := len(gateways.FindAllString(s.logged(), -1)); n != requests {
				t.Errorf("%d lines of %d requests", n, requests)
			}
			for line := range strings.Lines(s.logged()) {
				line = strings.TrimSuffix(line, "\n")
				if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !begins.MatchString(line) || strings.Contains(line, "forged") {
					t.Errorf("%q", line)
				}
				if format == "json" && !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %q", line)
				}
			}
		})
	}
}

// The message of a service that fails, and its address, are only in the log, where
// control characters are escaped.
func TestLogInjection_MaskedErrors(t *testing.T) {
	t.Parallel()
	const secret = "secret-of-the-service"
	for name, answer := range map[string]http.HandlerFunc{
		"a failure": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, secret+"\x1b[2J", http.StatusInternalServerError)
		},
		"garbage": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, secret+"\x1b[2J\u009b") },
		"a refusal": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"detail":"`+secret+`"}`, http.StatusTeapot)
		},
		"an odd one": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 500 %s\x1b[2J\u009b\r\nContent-Length: 0\r\n\r\n", secret)
				_ = conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			orders := httptest.NewServer(answer)
			defer orders.Close()
			s := dev(t, "--orders-url="+orders.URL, "--upstream-retries=0")
			outside := startGateway(t, testkit.KeepAddr(t), "--users-url="+s.users, "--orders-url="+orders.URL,
				"--products-url="+s.products, "--graphql-trace", "--drain-delay=0s", "--upstream-retries=0")
			const query = `{"query":"{ user(id: \"u9\") { id ... @defer { orders { id } } } }"}`
			text := func(resp *http.Response) string {
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Error(err)
				}
				return string(body)
			}
			c, _ := dial(t, s.gateway)
			c.Init().Send(`{"id":"1","type":"subscribe","payload":` + query + `}`)
			overWS, err := c.Next()
			if err != nil {
				t.Error(err)
			}
			_, rest := s.call(http.MethodGet, s.gateway+"/api/profile/u9", "")
			for way, got := range map[string]string{
				"at once": text(s.send(http.MethodPost, s.gateway+"/graphql", query, "Content-Type", "application/json")),
				// A trace in dev shows on purpose what the service sent.
				"traced":     text(s.send(http.MethodPost, outside.url+"/graphql", query, "Content-Type", "application/json", "Tributary-Trace", "1")),
				"in parts":   text(s.send(http.MethodPost, s.gateway+"/graphql", query, "Content-Type", "application/json", "Accept", acceptParts)),
				"as events":  text(s.events(query)),
				"WebSocket":  overWS,
				"by REST":    rest,
				"the status": func() string { _, body := s.call(http.MethodGet, s.gateway+"/status.json", ""); return body }(),
			} {
				if where := strings.TrimPrefix(orders.URL, "http://"); strings.Contains(got, secret) || strings.Contains(got, where) {
					t.Errorf("%s: %s", way, got)
				}
				if way != "the status" && !strings.Contains(got, "orders") {
					t.Errorf("%s: nothing of orders in %s", way, got)
				}
			}
			for line := range strings.Lines(s.logged()) {
				if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !json.Valid([]byte(line)) {
					t.Errorf("logged %q", line)
				}
			}
		})
	}
}
