package cache

import (
	"sync/atomic"
	"time"
)

// An Entry is the answer of an upstream for one key. Entries are shared, so their
// exported fields are read-only.
type Entry struct {
	// Answered is when the upstream gave it, by this machine's clock.
	Answered time.Time
	// Keep is how long it may be used at all, counted from Answered: fresh
	// at first, as a stand-in after.
	Keep time.Duration
	// Absent says that the upstream knows no such key; Body is empty then.
	Absent bool
	// Body is the value as JSON. An entry that never leaves this process has
	// none: it is made of what the upstream gave, and holds just that.
	Body []byte

	footprint int // bytes that the value takes, if it was there before the body

	value     any                 // what the upstream gave, if it was there before the body
	decoded   atomic.Pointer[any] // the value of the body, once somebody has asked for it
	refreshed atomic.Bool         // somebody has begun to ask for the next one
}

// Age is the time since the upstream answered.
func (e *Entry) Age(now time.Time) time.Duration { return max(0, now.Sub(e.Answered)) }

// weight is about how many bytes it takes in memory beside its key; a value that
// is still to be decoded from the body will take about as much again.
func (e *Entry) weight() int { return entryOverhead + len(e.Body) + max(e.footprint, len(e.Body)) }

// Usable reports whether the entry may still be served, fresh or stale.
func (e *Entry) Usable(now time.Time) bool { return e.Age(now) < e.Keep }

// gone says that there is nothing, and that this is not to be remembered: an
// older entry may not stand in for it.
func (e *Entry) gone() bool { return e.Absent && e.Keep <= 0 }

// later is the entry that was given later; nil counts as never.
func later(a, b *Entry) *Entry {
	if a == nil || (b != nil && b.Answered.After(a.Answered)) {
		return b
	}
	return a
}

func (e *Entry) remember(v any) { e.decoded.Store(&v) }

// known is the value as far as nobody has to decode it, nil if it is not known.
func (e *Entry) known() any {
	if e.value != nil {
		return e.value
	}
	if v := e.decoded.Load(); v != nil {
		return *v
	}
	return nil
}
