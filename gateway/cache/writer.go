package cache

import (
	"context"
	"time"
)

// pendingWrites is how many writes to the shared store may wait; more are dropped.
const pendingWrites = 1024

// write is entries by name.
type write map[string]*Entry

// pending is the entries of one load on their way to the shared store.
type pending struct {
	began   time.Time // the load
	entries write
}

// keep puts what a load brought aside: in memory at once, in the shared store soon.
func (c *Cache) keep(began time.Time, flights []*flight) {
	var entries write
	if c.shared != nil {
		entries = make(write, len(flights))
	}
	for _, f := range flights {
		if f.err != nil || !c.keepInMemory(began, f.name, f.entry) {
			continue
		}
		if f.entry.gone() {
			c.memory.entries.Invalidate(f.name)
		}
		if entries != nil {
			entries[f.name] = f.entry
		}
	}
	if len(entries) == 0 {
		return
	}
	select {
	case c.writes <- pending{began, entries}:
	default:
		c.metrics.dropped.Inc()
	}
}

// gone are the names of which nothing may be left.
func (w write) gone() (names []string) {
	for name, e := range w {
		if e.gone() {
			names = append(names, name)
		}
	}
	return names
}

// write does the writes to the shared store, which no request waits for.
func (c *Cache) write() {
	for {
		select {
		case <-c.ctx.Done():
			c.writeShared(c.gather(write{}))
			return
		case first := <-c.writes:
			entries := write{}
			c.add(entries, first)
			c.writeShared(c.gather(entries))
		}
	}
}

// gather adds to entries what waits besides, to go along in one round trip.
func (c *Cache) gather(entries write) write {
	for range len(c.writes) {
		c.add(entries, <-c.writes)
	}
	return entries
}

// add adds to entries what is pending and was not purged meanwhile.
func (c *Cache) add(entries write, p pending) {
	for name, e := range p.entries {
		if !c.purges.since(p.began, name) {
			entries[name] = e
		}
	}
}

func (c *Cache) writeShared(entries write) {
	if len(entries) == 0 {
		return
	}
	// What waits when the cache is closed is still written, within the budget.
	ctx := context.WithoutCancel(c.ctx)
	c.countError("set", c.shared.Set(ctx, entries))
	if gone := entries.gone(); len(gone) > 0 {
		c.countError("delete", c.shared.Delete(ctx, gone))
	}
}
