package cache

import (
	"errors"
	"time"

	"tributary/gateway/fault"
)

// noteRefusals applies what the results of a load, which ended at now, say about the
// entries that were known. After a refusal no request is served a stale entry because
// the service is slow to refuse again. After a revocation nothing is served that was
// answered before. Flights of a cancelled load have no refusals of the upstream.
func (c *Cache) noteRefusals(flights []*flight, now time.Time) {
	var revoked write
	for _, f := range flights {
		if f.standIn != nil && f.asked {
			f.standIn.refused.Store(fault.Refused(f.err))
		}
		if !fault.Revoked(f.err) {
			continue
		}
		if revoked == nil {
			revoked = write{}
		}
		revoked[f.name] = c.revoke(f, now)
	}
	if c.shared != nil && revoked != nil {
		c.queue(revoked)
	}
}

// revoke replaces the entry of a key in memory, if there is one, by a mark that nothing
// answered before now may be served. The mark expires when the entry would have, and so
// lasts longer than the copies of it. It returns the entry that deletes the copy in the
// shared store.
func (c *Cache) revoke(f *flight, now time.Time) *Entry {
	if known := f.standIn; known != nil && !known.Absent {
		c.memory.set(f.name, &Entry{Answered: now, Keep: known.Keep - known.Age(now), Absent: true, revoked: true, epoch: c.epochOf(f.name)}, now)
		c.revocations.Add(1) // after the mark is set, since responses compare it before they look for marks
	}
	return &Entry{Answered: now, Absent: true, epoch: c.epochOf(f.name)}
}

// revokedSince reports whether the entry of name was revoked at start or later.
func (c *Cache) revokedSince(start time.Time, name string) bool {
	e := c.inMemory(name, time.Now())
	return e != nil && e.revoked && !e.Answered.Before(start)
}

// servesFailed reports whether the stand-in of a flight that failed may be served. If
// the service refused, only one that is still fresh may.
func (t *through[V]) servesFailed(f *flight, now time.Time) bool {
	return t.policy.standsIn(f.standIn, now) && (!fault.Refused(f.err) || t.policy.fresh(f.standIn, now))
}

// servesSlow reports whether the stand-in of a flight may be served because the service
// is slow.
func (t *through[V]) servesSlow(f *flight, now time.Time) bool {
	return t.policy.standsIn(f.standIn, now) && !f.standIn.refused.Load()
}

// unknownByPage reports whether a flight's error means that its key does not exist: the
// answer was a page that says so, and nothing of the key is known. Otherwise the page
// counts as a proxy's, and so as a failure.
func (t *through[V]) unknownByPage(f *flight, err error, now time.Time) bool {
	return errors.Is(err, fault.ErrNotFoundPage) && !t.policy.standsIn(f.standIn, now)
}
