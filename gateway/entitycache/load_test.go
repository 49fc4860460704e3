package entitycache_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// underLoad keeps requesting cached and new keys until stop is called, which returns the
// longest latency, less the scheduling delay of a goroutine that requested nothing.
func underLoad(t *testing.T, g *gateway, round int) (stop func() (longest time.Duration)) {
	t.Helper()
	const tick = time.Millisecond
	var wg sync.WaitGroup
	var longest [4]time.Duration
	var idle time.Duration
	enough := make(chan struct{})
	each := func(do func(n int)) {
		for n := 0; ; n++ {
			select {
			case <-enough:
				return
			case <-time.After(tick):
				do(n)
			}
		}
	}
	for worker := range longest {
		wg.Go(func() {
			each(func(n int) {
				start := time.Now()
				g.want(t, fmt.Sprint("load", round, "-", worker, "-", n/2), "first")
				longest[worker] = max(longest[worker], time.Since(start))
			})
		})
	}
	wg.Go(func() {
		last := time.Now()
		each(func(int) {
			now := time.Now()
			idle, last = max(idle, now.Sub(last)-tick), now
		})
	})
	return sync.OnceValue(func() time.Duration { close(enough); wg.Wait(); return slices.Max(longest[:]) - idle })
}
