//go:build !race

// The race detector makes the gateway's own share several times what it is, so
// its time is taken without.

package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/graphtest"
	"tributary/internal/upstreamtest"
	"tributary/services/orders"
)

// Queries for users, who are there, go on as fast as before while the order
// service hangs and other clients ask for orders. What one round shows may be
// the machine's doing; what none of them denies is the gateway's.
func TestIsolationOfWhatDoesNotTouchASlowService(t *testing.T) {
	const allowed, rounds, asked = 1.3, 5, 300
	up := upstreamtest.New(t, upstreamtest.Shop(2*rounds*asked, 0, 0, 0))
	var hangs atomic.Bool
	up.Delay(func(c upstreamtest.Call) time.Duration {
		if c.Service == orders.Service && hangs.Load() {
			return time.Hour
		}
		return 5 * time.Millisecond
	})
	with := graphtest.Usual()
	with.Timeout, with.Calls = 2*time.Second, usualPolicies()
	with.Calls.BreakerRate = 0 // the bulkhead alone must do
	c := serveWith(t, up, with)

	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { // 100 a second, whatever becomes of them
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
				others.Go(func() { c.ask(fmt.Sprintf(`{ orders(userId: "x%d") { id } }`, n)) })
			case <-stop:
				return
			}
		}
	})
	defer others.Wait()
	defer close(stop)

	next, ratio := 0, 0.0
	p99 := func(hanging bool) time.Duration {
		hangs.Store(hanging)
		if hanging {
			time.Sleep(500 * time.Millisecond) // until calls have piled up
		}
		took := make([]time.Duration, asked)
		for i := range took {
			next++
			start := time.Now()
			if got := c.ask(fmt.Sprintf(`{ user(id: "u%d") { id } }`, next)); strings.Contains(got, "errors") {
				t.Fatal(got)
			}
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		return took[asked*99/100]
	}
	p99(false) // connects
	next = 0
	for range rounds {
		before, while := p99(false), p99(true)
		ratio = float64(while) / float64(before)
		t.Logf("p99 %v before, %v while the service hangs: %.2f times", before, while, ratio)
		if ratio <= allowed {
			return
		}
	}
	t.Errorf("the p99 is %.2f times what it was, want %.1f", ratio, allowed)
}
