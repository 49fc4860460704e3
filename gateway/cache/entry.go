package cache

import (
	"sync/atomic"
	"time"
)

// An Entry is an upstream's response for one key. Entries are shared, so their exported
// fields are read-only.
type Entry struct {
	// Answered is when the upstream responded, by this machine's clock.
	Answered time.Time
	// Keep is how long after Answered it may be used, first fresh and then stale.
	Keep time.Duration
	// Absent means that the upstream does not know the key; Body is empty then.
	Absent bool
	// Body is the value as JSON. Without a shared store it is empty, and the entry
	// has only the value.
	Body []byte

	footprint int // size of value in bytes

	value     any                 // what the upstream returned; nil if the entry was read from Redis
	decoded   atomic.Pointer[any] // the decoded body, cached on first use
	refreshed atomic.Bool         // its replacement is being loaded
	refused   atomic.Bool         // the upstream refused the last attempt to replace it

	epoch epoch  // when its load started
	shape uint64 // of the type that Body was encoded from; see shapeOf

	local   bool // is not stored in the shared store
	revoked bool // is a mark that nothing answered before may be served; see Cache.revoke
}

// Age is the time since the upstream answered.
func (e *Entry) Age(now time.Time) time.Duration { return max(0, now.Sub(e.Answered)) }

// weight is the approximate number of bytes that the entry takes in memory, without its
// key. A value that has not been decoded is assumed to take as much as the body.
func (e *Entry) weight() int { return entryOverhead + len(e.Body) + max(e.footprint, len(e.Body)) }

// Usable reports whether the entry may still be served, fresh or stale.
func (e *Entry) Usable(now time.Time) bool { return e.Age(now) < e.Keep }

// gone reports whether the key is unknown and that cannot be stored, for the least time
// of a shared store or longer. Older entries of the key must be deleted then, so that they
// are not served stale.
func (e *Entry) gone(now time.Time) bool { return e.Absent && e.Keep-e.Age(now) < time.Millisecond }

// later returns the more recent entry; nil is older than any.
func later(a, b *Entry) *Entry {
	if a == nil || (b != nil && b.Answered.After(a.Answered)) {
		return b
	}
	return a
}

func (e *Entry) remember(v any) { e.decoded.Store(&v) }

// known returns the value if it need not be decoded, and nil otherwise.
func (e *Entry) known() any {
	if e.value != nil {
		return e.value
	}
	if v := e.decoded.Load(); v != nil {
		return *v
	}
	return nil
}
