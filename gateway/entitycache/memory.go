package entitycache

import (
	"fmt"
	"reflect"
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
			return max(1, e.Value.UsableFor-e.Value.Age(time.Now()))
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
		if found && old.generation == e.generation && old.FetchedAt.After(e.FetchedAt) {
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

// sizeOf returns the approximate number of bytes of a value and all that it points
// to. Values are decoded responses, and so trees.
func sizeOf(v reflect.Value) int {
	if !v.IsValid() {
		return 0
	}
	return int(v.Type().Size()) + indirectSize(v)
}

// indirectSize returns the part of v's footprint that is outside of v itself.
func indirectSize(v reflect.Value) (bytes int) {
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer, reflect.Interface:
		return sizeOf(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Len()
		}
		for i := range v.Len() {
			bytes += sizeOf(v.Index(i))
		}
	case reflect.Map:
		return mapSize(v)
	case reflect.Struct:
		for i := range v.NumField() {
			bytes += indirectSize(v.Field(i))
		}
	}
	return bytes
}

// mapSize is a function of its own so that only maps pay for the allocations of iterating.
func mapSize(m reflect.Value) (bytes int) {
	for key, value := range m.Seq2() {
		bytes += sizeOf(key) + sizeOf(value)
	}
	return bytes
}
