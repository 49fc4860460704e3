package cache

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// PurgeAll is the tag of all entries.
const PurgeAll = "*"

// purgesKnown is how many purges are remembered, and purgeBytesKnown the maximum size of
// their tags. Loads that started before the oldest of them count as purged.
const (
	purgesKnown     = 1024
	purgeBytesKnown = 4 << 20
)

// purges remembers recent purges, so that loads in flight do not bring purged values
// back. The zero value is empty and ready to use.
type purges struct {
	mu     sync.RWMutex
	known  []purge // in the order of time
	bytes  int     // size of known
	before time.Time
	count  atomic.Uint64 // number of purges so far
}

type purge struct {
	at   time.Time
	tags []string
}

func (p purge) bytes() (n int) {
	for _, tag := range p.tags {
		n += 2*8 + len(tag) // with the string's header
	}
	return n
}

func (p *purges) add(tags []string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = append(p.known, purge{now, tags})
	p.bytes += p.known[len(p.known)-1].bytes()
	old := 0
	for ; len(p.known)-old > purgesKnown || (p.bytes > purgeBytesKnown && old < len(p.known)-1); old++ {
		p.before = p.known[old].at
		p.bytes -= p.known[old].bytes()
	}
	p.known = slices.Delete(p.known, 0, old)
	p.count.Add(1)
}

// since reports whether one of names was purged at start or later.
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

// tagged reports whether one of tags includes name, which is "kind:key": the name itself,
// whatever its variant, its kind, or [PurgeAll].
func tagged(name string, tags []string) bool {
	name = base(name)
	kind, _, _ := strings.Cut(name, ":")
	return slices.ContainsFunc(tags, func(tag string) bool { return tag == name || tag == kind || tag == PurgeAll })
}
