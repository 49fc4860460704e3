package entitycache_test

import (
	"testing"
	"time"
)

// A write that a service executes after the gateway has given it up is seen a second later,
// whatever was loaded in between, and what is not concerned is kept.
func TestUnsettled_ExecutedLater(t *testing.T) {
	for name, tags := range map[string][]string{"an entity": {"item:a"}, "two entities": {"item:c", "item:a"}, "a kind": {"item"}} {
		for _, later := range []time.Duration{time.Millisecond, 900 * time.Millisecond, 3 * time.Second, 9900 * time.Millisecond} {
			t.Run(name+" after "+later.String(), func(t *testing.T) {
				inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
					g.want(t, "b", "first")
					g.Changed(t.Context(), tags...)
					g.Unsettled(tags...)
					start := time.Now()
					for time.Since(start) < later {
						g.want(t, "a", "first")
						time.Sleep(min(100*time.Millisecond, later-time.Since(start)))
					}
					src.says("second")
					time.Sleep(1100 * time.Millisecond)
					g.want(t, "a", "second")
					if len(tags[0]) > len("item") {
						g.want(t, "b", "first")
					}
				})
			})
		}
	}
}

// The purges end, and begin again with the next write.
func TestUnsettled_Ends(t *testing.T) {
	inBubble(t, nil, func(t *subtest, g *gateway, src *source) {
		for range 2 {
			g.Unsettled("item:a")
			time.Sleep(5 * time.Second)
			g.Unsettled("item:a")
			time.Sleep(11 * time.Second)
			g.want(t, "a", "first")
			asked := src.count("a")
			time.Sleep(15 * time.Second)
			g.want(t, "a", "first")
			src.wantAsked(t, "a", asked)
		}
	})
}
