package cache

import (
	"math"
	"sync/atomic"
	"time"
)

// keptResponse is a response that is kept, and what is found out about it.
type keptResponse[V any] struct {
	Response[V]

	parts   []part
	weight  uint32
	renewed atomic.Bool   // somebody has begun to put the next one together
	clean   atomic.Uint64 // after how many purges it was found that none of them concerns it; 0: it was not looked
}

// part is an entity that went into a response. A purge at since or later means
// this one: since is when it was given, or when the response was begun if that
// is earlier.
type part struct {
	name  string
	since time.Time
}

func newKept[V any](resp Response[V]) *keptResponse[V] {
	k := &keptResponse[V]{Response: resp}
	weight := resp.Size + responseOverhead
	for _, use := range resp.Life.Of {
		p := part{use.Name, use.Answered}
		if resp.Began.Before(p.since) {
			p.since = resp.Began
		}
		k.parts = append(k.parts, p)
		weight += len(p.name) + partOverhead
	}
	k.Life.Of = nil
	k.weight = uint32(min(weight, math.MaxInt32)) //nolint:gosec // G115: bounded here
	return k
}

// aging tells whether it is time to put the next one together, which nobody has begun.
func (k *keptResponse[V]) aging(now time.Time) bool {
	return !k.Life.Aging.IsZero() && !now.Before(k.Life.Aging) && !k.renewed.Load()
}

// purged tells whether one of its parts was. It looks at each purge once.
func (k *keptResponse[V]) purged(by *purges) bool {
	count := by.count.Load() + 1 // so that 0 is none
	if k.clean.Load() == count {
		return false
	}
	for _, p := range k.parts {
		if by.since(p.since, p.name) {
			return true
		}
	}
	k.clean.Store(count)
	return false
}
