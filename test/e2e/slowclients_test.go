//go:build !race

package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const slowPost = "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"

func TestHostile_SlowSender(t *testing.T) {
	s := dev(t, "--read-timeout=300ms", "--read-header-timeout=200ms")
	for name, accept := range map[string]string{"JSON": "", "honest": "Accept: application/graphql-response+json\r\n", "events": "Accept: text/event-stream\r\n"} {
		conn := s.connect(slowPost + accept + "\r\n" + `{"query":`)
		answers := bufio.NewReader(conn)
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusRequestTimeout || !strings.HasPrefix(string(body), `{"errors":[{"message":"the body took too long"`) {
			t.Errorf("%s: %v %s %s", name, err, resp.Status, body)
		}
		if _, err := answers.ReadByte(); err == nil {
			t.Errorf("%s: the connection is used on", name)
		}
	}
	s.wantCounted(`http_requests_total{endpoint="/graphql",method="POST",status="408"} 3`)
	if got, err := io.ReadAll(s.connect(slowPost)); err != nil || len(got) > 0 { // its header never ends
		t.Errorf("slow header: %q %v", got, err)
	}
	if status, body := s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"{ __typename }"}`); status != http.StatusOK {
		t.Errorf("another client: %d %s", status, body)
	}
}

// The answer is longer than what the two systems take in for their programs.
func TestHostile_SlowReader(t *testing.T) {
	t.Parallel()
	const times, long = 16, 1 << 20 // under the race detector 40 took a busy machine ten seconds to write
	users := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":"u1","username":"u","email":"u@example.com","full_name":%q,"is_active":true,"created_at":"2026-01-01T00:00:00Z"}`, strings.Repeat("a", long))
	}))
	t.Cleanup(users.Close)
	s := dev(t, "--users-url="+users.URL, "--request-timeout=3s", "--write-timeout=1s")
	var names strings.Builder
	for i := range times {
		fmt.Fprintf(&names, " n%d: fullName", i)
	}
	body := `{"query":"{ user(id: \"u1\") {` + names.String() + ` } }"}`
	conn := s.connect(fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	s.wantLogged(`"method":"POST","route":"/graphql","status":200`, `"operation":""`) // while nothing is read
	if n, err := io.Copy(io.Discard, conn); err == nil && n > times*long {
		t.Errorf("was given all of %d bytes", n)
	}
}
