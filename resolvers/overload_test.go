package resolvers_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/admission"
	"tributary/internal/testkit"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// send posts a query and gives the answer with its body.
func (c *client) send(accept, query string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.url, strings.NewReader(`{"query":`+strconv.Quote(query)+`}`))
	must(c.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", accept)
	resp, err := http.DefaultTransport.RoundTrip(r)
	must(c.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(c.t, err)
	return resp, string(body)
}

func TestOverload_ShedAtOnce(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(2, 1, 1, 1))
	release := make(chan struct{})
	up.Delay(func(upstreamtest.Call) time.Duration { <-release; return 0 })
	with := graphtest.DefaultSetup()
	with.GraphQL.Admission = admission.Config{Operations: 1}
	c := serveWith(t, up, with)

	var first sync.WaitGroup
	first.Go(func() {
		if _, body := c.send("application/json", `{ user(id: "u1") { id } }`); body != `{"data":{"user":{"id":"u1"}}}`+"\n" {
			t.Errorf("the one that was admitted: %s", body)
		}
	})
	until(t, func() bool { return len(up.Calls()) == 1 })
	const want = `{"errors":[{"message":"too many concurrent requests","extensions":{"code":"OVERLOADED"}}]}` + "\n"
	for _, media := range []string{"application/json", "application/graphql-response+json"} {
		resp, body := c.send(media, `{ user(id: "u2") { id } }`)
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || body != want {
			t.Errorf("%s: %d, %v: %s", media, resp.StatusCode, resp.Header, body)
		}
		if got := resp.Header.Get("Content-Type"); got != media+"; charset=utf-8" {
			t.Errorf("%s: as %s", media, got)
		}
	}
	if n := len(up.Calls()); n != 1 {
		t.Errorf("%d calls for one operation", n)
	}
	close(release)
	first.Wait()
	if _, body := c.send("application/json", `{ user(id: "u2") { id } }`); strings.Contains(body, "errors") {
		t.Errorf("when there is room again: %s", body)
	}
}

// until waits for a condition that is to come true by itself.
func until(t testing.TB, cond func() bool) {
	t.Helper()
	testkit.WaitFor(t, "the condition", cond)
}
