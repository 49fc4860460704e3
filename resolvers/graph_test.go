package resolvers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client asks a graph that is served over the upstreams of a test.
type client struct {
	t   testing.TB
	url string
}

// serve starts a graph over up with an empty memory cache.
func serve(t testing.TB, up *upstreamtest.Upstreams) *client {
	t.Helper()
	return serveWith(t, up, graphtest.DefaultSetup())
}

func serveWith(t testing.TB, up *upstreamtest.Upstreams, with graphtest.Setup) *client {
	t.Helper()
	server, stop, err := graphtest.New(up, with)
	must(t, err)
	s := httptest.NewServer(server)
	t.Cleanup(func() {
		s.Close()
		must(t, stop())
	})
	return &client{t, s.URL}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask posts a query and gives the answer as it came.
func (c *client) ask(query string, variables ...map[string]any) string {
	c.t.Helper()
	request := map[string]any{"query": query}
	for _, v := range variables {
		request["variables"] = v
	}
	body, err := json.Marshal(request)
	must(c.t, err)
	resp, err := http.Post(c.url, "application/json", bytes.NewReader(body))
	must(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	must(c.t, err)
	return strings.TrimSpace(string(answer))
}
