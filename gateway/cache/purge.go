package cache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// purgeAgain is after how long a purge is repeated in the shared store. By then, writes
// that other gateways had in flight have arrived.
const purgeAgain = redisBudget + 10*time.Millisecond

// Purge removes the entries of tags from this gateway, from the shared store and from
// all other gateways: "user:u1" is an entity, "user" is a kind, [PurgeAll] is
// everything. When it returns, nothing loaded before is served by this gateway, and
// some milliseconds later by no other. An error means that the shared store could not
// be reached; this gateway has removed the entries all the same.
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

// forget drops the entries of tags from memory, and those of loads in flight.
func (c *Cache) forget(tags []string) {
	c.purges.add(tags, time.Now())
	c.memory.purge(tags)
}

// keepInMemory stores an entry whose load started at began, and reports whether it may be
// stored, because it was not purged since.
func (c *Cache) keepInMemory(began time.Time, name string, e *Entry) bool {
	if c.purges.since(began, name) {
		return false
	}
	c.memory.set(name, e, time.Now())
	if c.purges.since(began, name) { // purged between the check and the write
		c.memory.entries.Invalidate(name)
	}
	return true
}
