package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// With default settings, a service that works again is used without any traffic, and the
// first page of ten users lacks nothing of it.
func TestCircuit_RecoversForAPage(t *testing.T) {
	for name, outage := range map[string]http.HandlerFunc{
		"it fails":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"it disconnects": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"its reads fail": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/health" {
				w.WriteHeader(http.StatusInternalServerError)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := upstreamtest.New(t, upstreamtest.NewData(20, 1, 1, 1))
			p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s")...)
			page := func(first int) string {
				var ids []string
				for n := range 10 {
					ids = append(ids, fmt.Sprintf("%%22u%d%%22", first+n))
				}
				_, body := get(t, http.DefaultClient, p.url+"/graphql?query={users(ids:["+strings.Join(ids, ",")+"]){orders{id}}}")
				return body
			}
			state := func() float64 { return p.figure(http.DefaultClient, `upstream_breaker_state{service_name="orders"}`) }
			health := func() string {
				_, body := get(t, http.DefaultClient, p.url+"/health")
				return body
			}
			up.Replace(upstreamtest.Orders, outage)
			if body := page(1); strings.Count(body, `"orders":null`) != 10 || state() != 2 {
				t.Fatalf("in the outage: state %v, %s", state(), body)
			}
			if body := health(); !strings.Contains(body, `"orders":{"status":"unhealthy"`) || !strings.Contains(body, `{"status":"degraded"`) {
				t.Errorf("in the outage: %s", body)
			}
			up.Replace(upstreamtest.Orders, nil)
			waitFor(t, func() bool { return state() == 0 })
			for _, first := range []int{11, 1} { // users who were not asked for before, and those who were
				if body := page(first); strings.Count(body, `"orders":[{"id":`) != 10 {
					t.Errorf("afterwards: %s", body)
				}
			}
			if body := health(); !strings.Contains(body, `"orders":{"status":"healthy"`) {
				t.Errorf("afterwards: %s", body)
			}
		})
	}
}
