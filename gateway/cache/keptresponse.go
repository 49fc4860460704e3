package cache

import (
	"math"
	"sync/atomic"
	"time"
)

// keptResponse is a cached response with its state.
type keptResponse[V any] struct {
	Response[V]

	parts   []part
	weight  uint32
	renewed atomic.Bool   // its replacement is being built
	clean   atomic.Uint64 // 1 + the number of purges and revocations that were checked and do not affect it; 0: not checked
}

// part is an entity of a response.
type part struct {
	name       string
	generation uint64
	since      time.Time // revocations at since or later affect it
}

func newKept[V any](resp Response[V]) *keptResponse[V] {
	k := &keptResponse[V]{Response: resp, parts: make([]part, 0, len(resp.Life.Of))}
	weight := resp.Size + responseOverhead
	for _, use := range resp.Life.Of {
		p := part{use.Name, use.Generation, use.Answered}
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

// aging reports whether it is time to build the replacement and nobody has started to.
func (k *keptResponse[V]) aging(now time.Time) bool {
	return !k.Life.Aging.IsZero() && !now.Before(k.Life.Aging) && !k.renewed.Load()
}

// purged reports whether one of its parts was purged or revoked. It checks each purge
// and each revocation once.
func (k *keptResponse[V]) purged(c *Cache) bool {
	count := 1 + c.generations.total.Load() + c.revocations.Load() // 1 so that 0 means not checked
	if k.clean.Load() == count {
		return false
	}
	for _, p := range k.parts {
		if p.generation != c.generations.of(p.name) || c.revokedSince(p.since, p.name) {
			return true
		}
	}
	k.clean.Store(count)
	return false
}
