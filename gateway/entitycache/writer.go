package entitycache

import (
	"context"
	"time"

	"tributary/gateway/entitycache/redisstore"
)

// pendingWrites is how many writes to Redis may wait; more are dropped.
const pendingWrites = 1024

// writeBatch has entries by name that wait to be written to Redis.
type writeBatch map[string]*Entry

// store stores the results of a load: in memory immediately, in Redis in the
// background.
func (c *Cache) store(loads []*load) {
	var entries writeBatch
	if c.redis != nil {
		entries = make(writeBatch, len(loads))
	}
	for _, l := range loads {
		if l.err != nil || !c.storeInMemory(l.name, l.entry) {
			continue
		}
		if l.entry.isUncachedNotFound(time.Now()) {
			c.memory.entries.Invalidate(l.name)
		}
		if entries != nil && !l.entry.local {
			entries[l.name] = l.entry
		}
	}
	if len(entries) > 0 {
		c.queue(entries)
	}
}

// queue hands w to the writer, unless too much is waiting for it already.
func (c *Cache) queue(w writeBatch) {
	select {
	case c.writes <- w:
	default:
		c.metrics.dropped.Inc()
	}
}

// deletions returns the names whose entries must be deleted.
func (w writeBatch) deletions(now time.Time) (names []string) {
	for name, e := range w {
		if e.isUncachedNotFound(now) {
			names = append(names, name)
		}
	}
	return names
}

// write writes to Redis in the background, until the cache is closed.
func (c *Cache) write() {
	for {
		select {
		case <-c.ctx.Done():
			c.writeRedis(c.drainQueue(writeBatch{}))
			return
		case first := <-c.writes:
			entries := writeBatch{}
			c.add(entries, first)
			c.writeRedis(c.drainQueue(entries))
		}
	}
}

// drainQueue adds all waiting writes to entries, so that they share a round trip.
func (c *Cache) drainQueue(entries writeBatch) writeBatch {
	for range len(c.writes) {
		c.add(entries, <-c.writes)
	}
	return entries
}

// add adds the entries of more that were not purged since their load started.
func (c *Cache) add(entries, more writeBatch) {
	for name, e := range more {
		if c.current(name, e) {
			entries[name] = e
		}
	}
}

func (c *Cache) writeRedis(entries writeBatch) {
	if len(entries) == 0 {
		return
	}
	records := make(map[string]*redisstore.Record, len(entries))
	for name, e := range entries {
		records[name] = &e.Record
	}
	// Writes that wait when the cache is closed are still sent, within the time of a round trip.
	ctx := context.WithoutCancel(c.ctx)
	c.countError("set", c.redis.Set(ctx, records))
	if gone := entries.deletions(time.Now()); len(gone) > 0 {
		c.countError("delete", c.redis.Delete(ctx, gone))
	}
}
