package cache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// purgeAgain is how long after a purge it is done once more in the shared
// store: what another gateway was just writing there is there by then.
const purgeAgain = redisBudget + 10*time.Millisecond

// Purge drops what tags name, here and in the shared store, and has all other
// gateways do the same: "user:u1" is an entity, "user" is a kind, [PurgeAll] is
// everything. Nothing that was loaded before is given out to who asks after,
// here at once, elsewhere some milliseconds later. An error says that the
// shared store could not be reached; this gateway has dropped them all the same.
func (c *Cache) Purge(ctx context.Context, tags ...string) error {
	for _, tag := range tags {
		if tag == "" {
			return errors.New("cache: a tag is empty")
		}
	}
	if len(tags) == 0 {
		return nil
	}
	c.forget(tags)
	if c.shared == nil {
		return nil
	}
	if err := c.shared.purge(ctx, tags); err != nil {
		c.countError("purge", err)
		return fmt.Errorf("cache: purged in this gateway alone: %w", err)
	}
	c.work.Go(func() {
		select {
		case <-c.ctx.Done():
		case <-time.After(purgeAgain):
		}
		c.countError("purge", c.shared.purge(context.WithoutCancel(c.ctx), tags))
	})
	return nil
}

// PurgedSince tells whether something that one of names stands for, each being
// "kind:key", was purged at start or later. Whoever puts aside what was made of
// entities asks this, with the time at which making it began, before giving it out.
func (c *Cache) PurgedSince(start time.Time, names ...string) bool {
	return c.purges.since(start, names...)
}

// forget drops what tags name from memory, and what is on its way there.
func (c *Cache) forget(tags []string) {
	c.purges.add(tags, time.Now())
	c.memory.purge(tags)
}

// keepInMemory keeps an entry whose load began then, and tells whether it may be
// kept: it was not purged since.
func (c *Cache) keepInMemory(began time.Time, name string, e *Entry) bool {
	if c.purges.since(began, name) {
		return false
	}
	c.memory.set(name, e, time.Now())
	if c.purges.since(began, name) { // in between
		c.memory.entries.Invalidate(name)
	}
	return true
}
