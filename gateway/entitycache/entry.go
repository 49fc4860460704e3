package entitycache

import (
	"sync/atomic"
	"time"

	"tributary/gateway/entitycache/redisstore"
)

// An Entry is an upstream's response for one key. Entries are shared, so their exported
// fields are read-only.
type Entry struct {
	// Record is what Redis has of the entry. Its Body is empty if there is no Redis, and then
	// the entry has only the value.
	redisstore.Record

	generation uint64              // of its name in this gateway, when its load started
	footprint  int                 // size of the value, in bytes
	value      any                 // what the upstream returned; nil if the entry was read from Redis
	decoded    atomic.Pointer[any] // the decoded body, cached on first use

	refreshClaimed atomic.Bool // its replacement is being loaded
	refused        atomic.Bool // the upstream refused the last attempt to replace it
	local          bool        // it is not stored in Redis
	revoked        bool        // it is a mark that nothing answered before may be served; see Cache.revoke
}

// newNotFound returns an entry that says that the upstream does not know a key.
func newNotFound(e epoch, fetchedAt time.Time, usableFor time.Duration) *Entry {
	return &Entry{
		Record:     redisstore.Record{FetchedAt: fetchedAt, UsableFor: usableFor, NotFound: true, Stamp: e.stamp},
		generation: e.generation,
	}
}

// weight is the approximate number of bytes that the entry takes in memory, without its
// key. A value that has not been decoded is assumed to take as much as the body.
func (e *Entry) weight() int { return entryOverhead + len(e.Body) + max(e.footprint, len(e.Body)) }

// isUncachedNotFound reports whether the key is unknown and that cannot be stored, for the
// least time of Redis or longer. Older entries of the key must be deleted then, so that they
// are not served stale.
func (e *Entry) isUncachedNotFound(now time.Time) bool {
	return e.NotFound && e.UsableFor-e.Age(now) < time.Millisecond
}

// newer returns the more recent entry; nil is older than any.
func newer(a, b *Entry) *Entry {
	if a == nil || (b != nil && b.FetchedAt.After(a.FetchedAt)) {
		return b
	}
	return a
}

func (e *Entry) setDecoded(v any) { e.decoded.Store(&v) }

// decodedValue returns the value if it need not be decoded, and nil otherwise.
func (e *Entry) decodedValue() any {
	if e.value != nil {
		return e.value
	}
	if v := e.decoded.Load(); v != nil {
		return *v
	}
	return nil
}
