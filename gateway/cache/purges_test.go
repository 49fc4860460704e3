package cache

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPurges_AreRememberedByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p purges
		start := time.Now()
		time.Sleep(time.Second)
		if p.since(start, "user:1", "item:a") {
			t.Error("nothing was purged yet")
		}
		p.add([]string{"item:a"}, time.Now())
		for want, names := range map[bool][]string{true: {"user:1", "item:a"}, false: {"user:1", "item:b"}} {
			if p.since(start, names...) != want {
				t.Errorf("%v: want %v", names, want)
			}
		}
		time.Sleep(time.Nanosecond)
		if p.since(time.Now(), "item:a") {
			t.Error("it was purged before")
		}
		for range 2 * purgesKnown {
			time.Sleep(time.Millisecond)
			p.add([]string{"other:b"}, time.Now())
		}
		if !p.since(start, "item:a") {
			t.Error("a purge was forgotten")
		}
		if p.since(time.Now().Add(-500*time.Millisecond), "item:a") {
			t.Error("purges of others count")
		}
	})
}
