package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"
)

// SeriesCache caches values by key, such as metric series by label values, so that a series
// is found without hashing its labels. It never evicts, so the number of keys must be
// bounded. It is safe for concurrent use; reading takes no lock.
type SeriesCache[K comparable, V any] struct {
	create func(K) V
	known  atomic.Pointer[map[K]V]
	mu     sync.Mutex // guards writes
}

// NewSeriesCache returns a cache that creates missing values with create.
func NewSeriesCache[K comparable, V any](create func(K) V) *SeriesCache[K, V] {
	m := &SeriesCache[K, V]{create: create}
	m.known.Store(&map[K]V{})
	return m
}

// Get returns the value of key.
func (m *SeriesCache[K, V]) Get(key K) V {
	if v, ok := (*m.known.Load())[key]; ok {
		return v
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := *m.known.Load()
	if v, ok := known[key]; ok {
		return v
	}
	known = maps.Clone(known)
	v := m.create(key)
	known[key] = v
	m.known.Store(&known)
	return v
}
