package document

import (
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"tributary/gateway/internal/digest"
)

// documentOverhead is about how many bytes a cached document takes besides its text and its
// trees: its entry in the cache, and what the response cache wants to know of it.
const documentOverhead = 1024

// maxShare limits one document to 1/maxShare of the cache.
const maxShare = 32

// cache caches valid documents by the hash of their text, bounded in bytes. When
// it is full, a document is admitted only if it was requested more often than the one it
// would evict, so that made-up documents do not evict those in use. Very long documents
// are never admitted. It is safe for concurrent use.
type cache struct {
	entries *otter.Cache[digest.Sum, *Document]
	longest int
	evicted *atomic.Uint64 // documents dropped to make room
}

// newCache returns a cache of at most about maxBytes, which counts in evicted the
// documents that it drops.
func newCache(maxBytes int, evicted *atomic.Uint64) *cache {
	c := &cache{longest: maxBytes / maxShare, evicted: evicted}
	c.entries = otter.Must(&otter.Options[digest.Sum, *Document]{
		MaximumWeight: uint64(max(1, maxBytes)),
		Weigher:       func(_ digest.Sum, d *Document) uint32 { return uint32(min(d.weight, 1<<31)) }, //nolint:gosec // G115: it is bounded
		Executor:      func(work func()) { work() },                                                   // run on the caller's goroutine
		OnAtomicDeletion: func(e otter.DeletionEvent[digest.Sum, *Document]) {
			if e.Cause == otter.CauseOverflow {
				c.evicted.Add(1)
			}
		},
	})
	return c
}

// size returns the sum of the sizes of the documents, and their number.
func (c *cache) size() (bytes uint64, entries int) {
	return c.entries.WeightedSize(), c.entries.EstimatedSize()
}

func (c *cache) get(h digest.Sum) (*Document, bool) { return c.entries.GetIfPresent(h) }

func (c *cache) add(d *Document) {
	if d.weight <= c.longest {
		c.entries.Set(d.Hash, d)
	}
}
