package entitycache_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A load waits for its keys one after the other, in any order. A key that has landed
// while it waited for another is served fresh, however long that took.
func TestWait_PrefersFreshOverStale(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		for n := range 60 { // often enough for every order
			quick, slow := fmt.Sprint("quick", n), fmt.Sprint("slow", n)
			src.says("first")
			g.want(t, quick, "first")
			time.Sleep(time.Minute)
			src.says("second")
			src.set(func(s *source) {
				s.wait = func(_ context.Context, keys []string) error {
					if slices.Contains(keys, slow) {
						time.Sleep(time.Second)
						return nil
					}
					time.Sleep(50 * time.Millisecond)
					return nil
				}
			})
			var wg sync.WaitGroup
			wg.Go(func() { g.want(t, quick, "second") })
			synctest.Wait()
			values, err := g.load(t.Context(), []string{quick, slow})
			if err != nil || values[quick].Text != "second" {
				t.Fatalf("got %v, %v", values, err)
			}
			wg.Wait()
		}
	})
}
