package e2e_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit/upstreamtest"
)

// A client that disconnects is not a failure of the gateway or a service. Only the log line of
// its request shows it.
func TestDisconnect_IsNoError(t *testing.T) {
	t.Parallel()
	const query = `{"query":"{ profile(userId: \"u1\") { user { id } ...on Profile @defer { orders { id } } } }"}`
	for name, tt := range map[string]struct{ method, path, body, accept, route string }{
		"REST":               {http.MethodGet, "/api/profile/u1", "", "", "/api/profile/{id}"},
		"GraphQL as JSON":    {http.MethodPost, "/graphql", query, "application/json", "/graphql"},
		"GraphQL":            {http.MethodPost, "/graphql", query, "application/graphql-response+json", "/graphql"},
		"a list of requests": {http.MethodPost, "/graphql", "[" + query + "," + query + "]", "application/json", "/graphql"},
		"an event stream":    {http.MethodPost, "/graphql", query, "text/event-stream", "/graphql"},
		"in parts":           {http.MethodPost, "/graphql", query, "multipart/mixed", "/graphql"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
			up.Delay(func(upstreamtest.Call) time.Duration { return time.Hour })
			s := dev(t, append(over(up), "--graphql-batching=2", "--upstream-retries=0", "--upstream-timeout=5s")...)
			ctx, leave := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, tt.method, s.gateway+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", tt.accept)
			left := make(chan error)
			go func() {
				resp, err := http.DefaultClient.Do(req)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
				}
				left <- err
			}()
			waitFor(t, func() bool { return len(up.Calls()) == 2 }) // user and orders
			leave()
			if err := <-left; err == nil {
				t.Fatal("was answered")
			}
			s.wantLogged(`"route":"`+tt.route+`"`, `"msg":"request"`, `"status":499`, `"operation":`)
			for line := range strings.Lines(s.logged()) {
				if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, `"level":"WARN"`) || strings.Contains(line, "degraded") {
					t.Errorf("logged: %s", line)
				}
			}
			s.wantCounted(`http_requests_total{endpoint="` + tt.route + `",method="` + tt.method + `",status="499"} 1`)
			_, metrics := s.call(http.MethodGet, s.gateway+"/metrics", "")
			for line := range strings.Lines(metrics) {
				if strings.HasPrefix(line, "graphql_operations_total{") && !strings.Contains(line, `outcome="canceled"`) ||
					strings.HasPrefix(line, "service_errors_total{") {
					t.Errorf("counted: %s", line)
				}
			}
		})
	}
}
