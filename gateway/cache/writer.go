package cache

import "context"

// pendingWrites is how many writes to the shared store may wait; more are dropped.
const pendingWrites = 1024

// write is the entries of one load, by name, on their way to the shared store.
type write map[string]*Entry

// keep puts entries aside: in memory at once, in the shared store soon.
func (c *Cache) keep(ctx context.Context, entries write) {
	if len(entries) == 0 {
		return
	}
	_ = c.memory.Set(ctx, entries) // memory never fails
	if gone := entries.gone(); len(gone) > 0 {
		_ = c.memory.Delete(ctx, gone)
	}
	if c.shared == nil {
		return
	}
	select {
	case c.writes <- entries:
	default:
		c.metrics.dropped.Inc()
	}
}

// gone are the names of which it is known that there is nothing, and that this
// is not to be remembered: an older entry may not stand in for them.
func (w write) gone() (names []string) {
	for name, e := range w {
		if e.Absent && e.Keep <= 0 {
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
			c.writeShared(c.pending(nil))
			return
		case first := <-c.writes:
			c.writeShared(c.pending(first))
		}
	}
}

// pending adds to entries what has gathered meanwhile, to go along in one round trip.
func (c *Cache) pending(entries write) write {
	for n := len(c.writes); n > 0; n-- {
		more := <-c.writes
		if entries == nil {
			entries = write{}
		}
		for name, e := range more {
			entries[name] = e
		}
	}
	return entries
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
