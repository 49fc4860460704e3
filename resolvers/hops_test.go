//go:build !race

// The race detector makes the gateway's own share several times what it is, so
// its time is taken without.

package resolvers_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit/upstreamtest"
)

const (
	upstreamTime = 20 * time.Millisecond // of every call
	allowance    = upstreamTime / 4      // of the gateway's own work at the median; a third hop would take upstreamTime
	samples      = 41                    // a round
	rounds       = 3                     // what one round shows may be the machine's doing, not what none of them denies
)

// Orders need only the id that the query holds, so that two hops are enough.
// Two bare calls, one after the other, made in turn with the queries, show what
// that takes on this machine at this time.
func TestTwoHops_Latency(t *testing.T) {
	for name, query := range map[string]string{
		"profile":             `{ profile(userId: %q) { user { username } orders { id } products { name } } }`,
		"user-order-products": `{ user(id: %q) { orders { items { product { name } } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			var over time.Duration
			for range rounds {
				took, control := medians(t, query)
				over = took - control
				t.Logf("%v for the query, %v for two calls", took, control)
				if over <= allowance {
					return
				}
			}
			t.Errorf("the median takes %v more than two calls, want at most %v", over, allowance)
		})
	}
}

// medians asks a query for one user after another, none of whom, nor any of
// whose products, is in the cache.
func medians(t *testing.T, query string) (took, control time.Duration) {
	t.Helper()
	up := upstreamtest.New(t, upstreamtest.NewData(samples+1, 2, 2, 4*(samples+1)))
	up.Delay(func(upstreamtest.Call) time.Duration { return upstreamTime })
	c := serve(t, up)
	bare := func() {
		for _, url := range []string{up.Config().UsersURL + "/users/u1", up.Config().OrdersURL + "/orders/user/u1"} {
			resp, err := http.Get(url)
			must(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			must(t, err)
			must(t, resp.Body.Close())
		}
	}
	var queries, controls []time.Duration
	for i := range samples + 1 {
		start := time.Now()
		answer := c.ask(fmt.Sprintf(query, fmt.Sprintf("u%d", i+1)))
		asked := time.Now()
		bare()
		if strings.Contains(answer, "errors") {
			t.Fatal(answer)
		}
		if i > 0 { // the first ones connect
			queries, controls = append(queries, asked.Sub(start)), append(controls, time.Since(asked))
		}
	}
	return median(queries), median(controls)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
