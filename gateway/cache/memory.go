package cache

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// entryOverhead is the approximate size of an entry in memory without its key, its body
// and its value, in bytes.
const entryOverhead = 256

// Memory is the store in this process, bounded in bytes. Its zero value is not
// usable; see [NewMemory].
type Memory struct {
	entries *otter.Cache[string, *Entry]
	evicted atomic.Uint64 // entries dropped to make room
}

// NewMemory returns a store of at most about maxBytes.
func NewMemory(maxBytes uint64) (*Memory, error) {
	m := &Memory{}
	var err error
	m.entries, err = otter.New(&otter.Options[string, *Entry]{
		MaximumWeight: maxBytes,
		Weigher: func(key string, e *Entry) uint32 {
			return uint32(min(len(key)+e.weight(), 1<<31)) //nolint:gosec // G115: nothing weighs less than nothing
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, *Entry]) time.Duration {
			return max(1, e.Value.Keep-e.Value.Age(time.Now()))
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[string, *Entry]) {
			if e.Cause == otter.CauseOverflow {
				m.evicted.Add(1)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("cache: memory: %w", err)
	}
	return m, nil
}

// get returns the entry of key, or nil if there is no usable one.
func (m *Memory) get(key string, now time.Time) *Entry {
	if e, ok := m.entries.GetIfPresent(key); ok && e.Usable(now) {
		return e
	}
	return nil
}

// set stores an entry, unless it has expired or a more recent one of the same generation is
// stored.
func (m *Memory) set(key string, e *Entry, now time.Time) {
	if !e.Usable(now) {
		return
	}
	m.entries.Compute(key, func(old *Entry, found bool) (*Entry, otter.ComputeOp) {
		if found && old.epoch.here == e.epoch.here && old.Answered.After(e.Answered) {
			return old, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// size returns the approximate size of the store.
func (m *Memory) size() (bytes uint64, entries int) {
	return m.entries.WeightedSize(), m.entries.EstimatedSize()
}

// Close stops the store's goroutine.
func (m *Memory) Close() { m.entries.StopAllGoroutines() }
