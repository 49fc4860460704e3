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
// service hangs and other clients ask for orders. Rounds of both kinds are taken
// in turn, so that what the machine does besides falls on both, and the medians
// of their p99 are compared.
func TestIsolationOfWhatDoesNotTouchASlowService(t *testing.T) {
	const allowed, rounds, asked, calls = 1.3, 7, 100, 32
	up := upstreamtest.New(t, upstreamtest.Shop((2*rounds*tries+1)*asked, 0, 0, 0))
	var hanging atomic.Pointer[chan struct{}] // closed when orders answer again
	var stuck atomic.Int64
	up.Delay(func(c upstreamtest.Call) time.Duration {
		if held := hanging.Load(); held != nil && c.Service == orders.Service {
			stuck.Add(1)
			<-*held
			stuck.Add(-1)
		}
		return 5 * time.Millisecond
	})
	with := graphtest.Usual()
	with.Calls = usualPolicies()
	with.Calls.BreakerRate, with.Calls.Concurrency = 0, calls // the bulkhead alone must do
	c := serveWith(t, up, with)

	stop := make(chan struct{})
	var others sync.WaitGroup
	defer others.Wait()
	defer close(stop)
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

	next := 0
	p99 := func() time.Duration {
		took := make([]time.Duration, asked)
		for i := range took {
			next++
			start := time.Now()
			if got := c.ask(fmt.Sprintf(`{ user(id: "u%d") { id } }`, next)); strings.Contains(got, "errors") {
				t.Error(got)
			}
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		return took[asked*99/100-1]
	}
	p99() // connects
	compare := func() (ratio float64) {
		var before, while []time.Duration
		for range rounds {
			before = append(before, p99())
			held := make(chan struct{})
			hanging.Store(&held)
			until(t, func() bool { return stuck.Load() == calls }) // and more wait for their turn
			while = append(while, p99())
			hanging.Store(nil)
			close(held)
			until(t, func() bool { return stuck.Load() == 0 })
		}
		ratio = float64(median(while)) / float64(median(before))
		t.Logf("p99 %v before, %v while the service hangs: %.2f times", median(before), median(while), ratio)
		return ratio
	}
	for range tries { // what one shows may still be the machine's doing
		if compare() <= allowed {
			return
		}
	}
	t.Errorf("the p99 is more than %.1f times what it was", allowed)
}
