package cache

import (
	"context"
	"time"
)

// pendingWrites is how many writes to the shared store may wait; more are dropped.
const pendingWrites = 1024

// write has entries by name that wait to be written to the shared store.
type write map[string]*Entry

// keep stores the results of a load: in memory immediately, in the shared store in the
// background.
func (c *Cache) keep(loads []*load) {
	var entries write
	if c.shared != nil {
		entries = make(write, len(loads))
	}
	for _, l := range loads {
		if l.err != nil || !c.keepInMemory(l.name, l.entry) {
			continue
		}
		if l.entry.gone(time.Now()) {
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
func (c *Cache) queue(w write) {
	select {
	case c.writes <- w:
	default:
		c.metrics.dropped.Inc()
	}
}

// gone returns the names whose entries must be deleted.
func (w write) gone(now time.Time) (names []string) {
	for name, e := range w {
		if e.gone(now) {
			names = append(names, name)
		}
	}
	return names
}

// write writes to the shared store in the background, until the cache is closed.
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

// gather adds all waiting writes to entries, so that they share a round trip.
func (c *Cache) gather(entries write) write {
	for range len(c.writes) {
		c.add(entries, <-c.writes)
	}
	return entries
}

// add adds the entries of more that were not purged since their load started.
func (c *Cache) add(entries, more write) {
	for name, e := range more {
		if c.current(name, e) {
			entries[name] = e
		}
	}
}

func (c *Cache) writeShared(entries write) {
	if len(entries) == 0 {
		return
	}
	// Writes that wait when the cache is closed are still sent, within redisBudget.
	ctx := context.WithoutCancel(c.ctx)
	c.countError("set", c.shared.Set(ctx, entries))
	if gone := entries.gone(time.Now()); len(gone) > 0 {
		c.countError("delete", c.shared.Delete(ctx, gone))
	}
}
