package entitycache

import (
	"time"

	"tributary/gateway/fault"
)

// applyRefusals applies what the results of a call, which ended at now, say about the
// entries that were known. After a refusal, the soft timeout serves no stale entry until the
// upstream has answered again. After a revocation nothing is served that was answered
// before. Loads of a cancelled call have no refusals of the upstream.
func (c *Cache) applyRefusals(loads []*load, now time.Time) {
	var revoked writeBatch
	for _, l := range loads {
		if l.staleEntry != nil && l.calledUpstream {
			l.staleEntry.refused.Store(fault.Refused(l.err))
		}
		if !fault.Revoked(l.err) {
			continue
		}
		if revoked == nil {
			revoked = writeBatch{}
		}
		revoked[l.name] = c.revoke(l, now)
	}
	if c.redis != nil && revoked != nil {
		c.queue(revoked)
	}
}

// revoke replaces the entry of a key in memory, if there is one, by a mark that nothing
// answered before now may be served. The mark expires when the entry would have, and so
// lasts longer than the copies of it. It returns the entry that deletes the copy in the
// shared store.
func (c *Cache) revoke(l *load, now time.Time) *Entry {
	if known := l.staleEntry; known != nil && !known.NotFound {
		mark := newNotFound(c.epochOf(l.name), now, known.UsableFor-known.Age(now))
		mark.revoked = true
		c.memory.set(l.name, mark, now)
		c.revocations.Add(1) // after the mark is set, since responses compare it before they look for marks
	}
	return newNotFound(c.epochOf(l.name), now, 0)
}

// revokedSince reports whether the entry of name was revoked at start or later.
func (c *Cache) revokedSince(start time.Time, name string) bool {
	e := c.inMemory(name, time.Now())
	return e != nil && e.revoked && !e.FetchedAt.Before(start)
}
