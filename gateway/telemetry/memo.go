package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Memo remembers what was made for each of a few keys, so that a series is
// found again without a label being hashed. It only grows: keys must be
// bounded, as labels must. It is safe for concurrent use; reading takes no lock.
type Memo[K comparable, V any] struct {
	create func(K) V
	known  atomic.Pointer[map[K]V]
	mu     sync.Mutex // of who adds
}

// NewMemo returns a memo of what create gives.
func NewMemo[K comparable, V any](create func(K) V) *Memo[K, V] {
	m := &Memo[K, V]{create: create}
	m.known.Store(&map[K]V{})
	return m
}

// Get gives what was made for key.
func (m *Memo[K, V]) Get(key K) V {
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
