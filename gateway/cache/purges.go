package cache

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// PurgeAll is the tag of everything.
const PurgeAll = "*"

// purgesKnown is how many purges are remembered. What began before the oldest
// of them counts as purged.
const purgesKnown = 1024

// purges remembers what was purged of late, so that what was loaded before,
// and is still on its way, does not come back. Its zero value knows of none.
type purges struct {
	mu     sync.RWMutex
	known  []purge // in the order of time
	before time.Time
	count  atomic.Uint64 // how many there were; it changes with each
}

type purge struct {
	at   time.Time
	tags []string
}

func (p *purges) add(tags []string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) == purgesKnown {
		p.before = p.known[0].at
		p.known = slices.Delete(p.known, 0, 1)
	}
	p.known = append(p.known, purge{now, tags})
	p.count.Add(1)
}

// since tells whether something with one of names was purged at start or later.
func (p *purges) since(start time.Time, names ...string) bool {
	if p.count.Load() == 0 {
		return false
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, purge := range slices.Backward(p.known) {
		if purge.at.Before(start) {
			return false
		}
		if slices.ContainsFunc(names, func(name string) bool { return tagged(name, purge.tags) }) {
			return true
		}
	}
	return !p.before.Before(start)
}

// tagged tells whether one of tags means name, which is "kind:key": by itself,
// whichever variant it is, by its kind, or as everything.
func tagged(name string, tags []string) bool {
	name = base(name)
	kind, _, _ := strings.Cut(name, ":")
	return slices.ContainsFunc(tags, func(tag string) bool { return tag == name || tag == kind || tag == PurgeAll })
}
