package entitycache

import (
	"context"
	"sync"
	"time"

	"tributary/gateway/entitycache/generation"
)

// After a write of which it is unknown whether it was executed, the service may still execute
// it: for settleTime its tags are purged each settleEvery, so that what was loaded before it
// is served no longer than that after it.
const (
	settleTime  = 10 * time.Second
	settleEvery = time.Second
)

// unsettled has the slots that such writes concern. The zero value is ready to use.
type unsettled struct {
	mu    sync.Mutex
	until map[uint32]time.Time // nil: no goroutine purges them
}

// Unsettled purges tags again and again for some time, in the background. It is called after
// [Cache.Changed] because of a write that failed, and that may be executed later.
func (c *Cache) Unsettled(tags ...string) {
	u := &c.unsettled
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.until == nil {
		u.until = map[uint32]time.Time{}
		c.background.Go(c.settle)
	}
	for _, slot := range generation.SlotsOfTags(tags) {
		u.until[slot] = time.Now().Add(settleTime)
	}
}

// settle purges the slots of unsettled writes until there are none or the cache is closed.
func (c *Cache) settle() {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		slots := c.unsettled.due(time.Now())
		if len(slots) == 0 {
			return
		}
		_ = c.begin(slots)(context.WithoutCancel(c.ctx)) // it is counted, and made up for
	}
}

// due returns the slots to purge at now, some for the last time. It returns none if the
// goroutine is to end.
func (u *unsettled) due(now time.Time) (slots []uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for slot, until := range u.until {
		slots = append(slots, slot)
		if !now.Before(until) {
			delete(u.until, slot)
		}
	}
	if len(slots) == 0 {
		u.until = nil
	}
	return slots
}
