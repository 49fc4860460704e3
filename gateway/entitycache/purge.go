package entitycache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/gateway/entitycache/generation"
)

// PurgeAll is the tag of all entries.
const PurgeAll = generation.All

// Purge removes the entries of tags, in all their variants, from this gateway, from the
// shared store and from all other gateways: "author:a1" is an entity, "author" is a kind,
// [PurgeAll] is everything. When it returns, nothing loaded before is served by this
// gateway, and some milliseconds later by no other. An error means that Redis
// could not be reached; this gateway has removed the entries all the same, and does not
// use Redis before it has removed them there.
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
	return c.begin(generation.SlotsOfTags(tags))(ctx)
}

// begin forgets slots in this gateway, and returns the function that records their purge in
// Redis, which must be called once. Until it is recorded, even if that fails at
// first, entries of these slots in Redis may be old and are not used.
func (c *Cache) begin(slots []uint32) (record func(context.Context) error) {
	if c.redis == nil {
		c.invalidateLocal(slots)
		return func(context.Context) error { return nil }
	}
	c.redis.Distrust(slots)
	c.invalidateLocal(slots)
	return func(ctx context.Context) error {
		if err := c.redis.Purge(ctx, slots); err != nil {
			c.countError("purge", err)
			return fmt.Errorf("cache: purged on this gateway only: %w", err)
		}
		return nil
	}
}

// invalidateLocal drops the entries in slots from memory, and those of loads in flight.
func (c *Cache) invalidateLocal(slots []uint32) {
	c.generations.Advance(slots...)
	if slices.Contains(slots, 0) {
		c.memory.entries.InvalidateAll() // the others are evicted or expire
	}
}

// current reports whether nothing that e holds was purged since its load started.
func (c *Cache) current(name string, e *Entry) bool { return e.generation == c.generations.Of(name) }

// inMemory returns the usable entry of a name that is in memory, or nil.
func (c *Cache) inMemory(name string, now time.Time) *Entry {
	if e := c.memory.get(name, now); e != nil && c.current(name, e) {
		return e
	}
	return nil
}

// storeInMemory stores an entry, and reports whether it may be stored, because it was not
// purged since its load started.
func (c *Cache) storeInMemory(name string, e *Entry) bool {
	if !c.current(name, e) {
		return false
	}
	c.memory.set(name, e, time.Now())
	return true
}

// Changed purges tags because of a write. When it returns, this gateway serves nothing of
// them that was loaded before. The purges of a session wait for Redis for
// [sessionWait] at most; then they go on in the background. Failures of the store are
// counted. The session of ctx has seen the purge.
func (c *Cache) Changed(ctx context.Context, tags ...string) {
	recorded := c.changed(ctx, tags)
	SessionOf(ctx).note(c.markOf(recorded))
}

// changed reports whether the purge was recorded in Redis in time.
func (c *Cache) changed(ctx context.Context, tags []string) (recorded bool) {
	record := c.begin(generation.SlotsOfTags(tags))
	if c.redis == nil {
		return false
	}
	done := make(chan error, 1)
	c.background.Go(func() { done <- record(context.WithoutCancel(ctx)) })
	SessionOf(ctx).wait(ctx, func(ctx context.Context) {
		select {
		case err := <-done:
			recorded = err == nil
		case <-ctx.Done():
		}
	})
	return recorded
}
