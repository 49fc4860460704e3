package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Purge removes the entries of tags, in all their variants, from this gateway, from the
// shared store and from all other gateways: "author:a1" is an entity, "author" is a kind,
// [PurgeAll] is everything. When it returns, nothing loaded before is served by this
// gateway, and some milliseconds later by no other. An error means that the shared store
// could not be reached; this gateway has removed the entries all the same, and does not
// use the shared store before it has removed them there.
//
// A purge takes the same time whatever it removes: it begins new generations of the tags,
// and entries of older ones are not served.
func (c *Cache) Purge(ctx context.Context, tags ...string) error {
	if slices.Contains(tags, "") {
		return errors.New("cache: a tag is empty")
	}
	if len(tags) == 0 {
		return nil
	}
	return c.begin(slotsOfTags(tags))(ctx)
}

// begin forgets slots in this gateway, and returns the function that records their purge in
// the shared store, which must be called once. Until it is recorded, even if that fails at
// first, entries of these slots in the shared store may be old and are not used.
func (c *Cache) begin(slots []uint32) (record func(context.Context) error) {
	if c.shared == nil {
		c.forget(slots)
		return func(context.Context) error { return nil }
	}
	c.shared.table.distrust(slots, 1)
	c.forget(slots)
	return func(ctx context.Context) error {
		if err := c.shared.purge(ctx, slots); err != nil {
			c.countError("purge", err)
			return fmt.Errorf("cache: purged on this gateway only: %w", err)
		}
		return nil
	}
}

// forget drops the entries in slots from memory, and those of loads in flight.
func (c *Cache) forget(slots []uint32) {
	c.generations.advance(slots...)
	if slices.Contains(slots, 0) {
		c.memory.entries.InvalidateAll() // the others are evicted or expire
	}
}

// current reports whether nothing that e holds was purged since its load started.
func (c *Cache) current(name string, e *Entry) bool { return e.epoch.here == c.generations.of(name) }

// inMemory returns the usable entry of a name that is in memory, or nil.
func (c *Cache) inMemory(name string, now time.Time) *Entry {
	if e := c.memory.get(name, now); e != nil && c.current(name, e) {
		return e
	}
	return nil
}

// keepInMemory stores an entry, and reports whether it may be stored, because it was not
// purged since its load started.
func (c *Cache) keepInMemory(name string, e *Entry) bool {
	if !c.current(name, e) {
		return false
	}
	c.memory.set(name, e, time.Now())
	return true
}
