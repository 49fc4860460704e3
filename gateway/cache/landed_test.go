package cache_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// One load waits for its keys one after the other, in any order: what has
// landed while it waited for another key is given out, however long that took.
func TestAnAnswerThatIsThereIsPreferredToWhatStandsIn(t *testing.T) {
	inBubble(t, patient, func(t *subtest, g *gateway, src *source) {
		src.set(func(s *source) {
			s.wait = func(_ context.Context, keys []string) error {
				if slices.Contains(keys, "slow") {
					time.Sleep(time.Second)
				} else {
					time.Sleep(50 * time.Millisecond)
				}
				return nil
			}
		})
		for range 60 { // as the order in which keys are waited for is not known
			src.set(func(s *source) { s.text, s.unknown = "first", map[string]bool{} })
			g.want(t, "quick", "first")
			time.Sleep(time.Hour / 10)
			g.want(t, "quick", "first")
			time.Sleep(time.Minute)
			src.set(func(s *source) { s.text, s.unknown = "second", map[string]bool{"slow": true} })
			var wg sync.WaitGroup
			wg.Go(func() { g.want(t, "quick", "second") })
			synctest.Wait()
			values, err := g.load(t.Context(), []string{"quick", "slow"})
			if err != nil || values["quick"].Text != "second" {
				t.Fatalf("got %v, %v", values, err)
			}
			wg.Wait()
			time.Sleep(time.Hour)
		}
	})
}
