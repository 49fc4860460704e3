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

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// Queries for users, who are there, go on as fast as before while the order
// service hangs and other clients ask for orders: their p99 is at most 1.3 times
// what it is.
func TestIsolation_SlowService(t *testing.T) {
	const allowed = 1.3
	var ratio float64
	for range rounds {
		if ratio = besideAHangingService(t); ratio <= allowed {
			return
		}
	}
	t.Errorf("the p99 is %.2f times what it was, more than %.1f", ratio, allowed)
}

// besideAHangingService tells how many times what it is the p99 of those queries
// is meanwhile. Each p99 is set against those just before and after it, so that
// what the machine does besides falls on both, and the median of these ratios
// counts: none is left out.
func besideAHangingService(t *testing.T) float64 {
	t.Helper()
	const hangs, asked, calls = 11, 100, 32
	up := upstreamtest.New(t, upstreamtest.NewData((3*hangs+1)*asked, 0, 0, 0))
	var hanging atomic.Pointer[chan struct{}] // closed when orders answer again
	var stuck atomic.Int64
	up.Delay(func(c upstreamtest.Call) time.Duration {
		if held := hanging.Load(); held != nil && c.Service == upstreamtest.Orders {
			stuck.Add(1)
			<-*held
			stuck.Add(-1)
		}
		return 5 * time.Millisecond
	})
	with := graphtest.DefaultSetup()
	with.Calls = usualPolicies()
	with.Calls.BreakerRate, with.Calls.Concurrency = 0, calls // the bulkhead alone must do
	c := serveWith(t, up, with)

	stop := make(chan struct{})
	var others sync.WaitGroup
	defer others.Wait()
	defer close(stop)
	var n atomic.Int64
	other := func() { c.ask(fmt.Sprintf(`{ orders(userId: "x%d") { id } }`, n.Add(1))) }
	others.Go(func() { // 100 a second, whatever becomes of them
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				others.Go(other)
			case <-stop:
				return
			}
		}
	})

	next := 0
	ask := func() []time.Duration {
		took := make([]time.Duration, asked)
		for i := range took {
			next++
			start := time.Now()
			if got := c.ask(fmt.Sprintf(`{ user(id: "u%d") { id } }`, next)); strings.Contains(got, "errors") {
				t.Error(got)
			}
			took[i] = time.Since(start)
		}
		return took
	}
	ask() // connects
	var ratios, same []float64
	for range hangs {
		before := ask()
		held := make(chan struct{})
		hanging.Store(&held)
		for range 2 * calls {
			others.Go(other)
		}
		until(t, func() bool { return stuck.Load() == calls }) // and as many wait for their turn
		while := ask()
		hanging.Store(nil)
		close(held)
		until(t, func() bool { return stuck.Load() == 0 })
		after := ask()
		ratios = append(ratios, float64(p99(while))/float64(p99(slices.Concat(before, after))))
		same = append(same, float64(p99(after))/float64(p99(before)))
		t.Logf("p99 %v before, %v while the service hangs, %v after", p99(before), p99(while), p99(after))
	}
	t.Logf("the p99 is %.2f times what it is, by the median of %.2f; after and before, which are the same, differ by %.2f", middle(ratios), ratios, same)
	return middle(ratios)
}

func middle(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

func p99(took []time.Duration) time.Duration {
	took = slices.Sorted(slices.Values(took))
	return took[len(took)*99/100-1]
}
