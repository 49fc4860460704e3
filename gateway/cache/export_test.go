package cache

import (
	"context"
	"reflect"
	"time"
)

// Stamp makes e an entry of key with a body of type V whose load starts now. It reports
// whether the store has read its table.
func Stamp[V any](s *Redis, key string, e *Entry) bool {
	e.epoch.shared, e.shape = s.table.of(key), shapeOf(reflect.TypeFor[V]())
	return e.epoch.shared != stamp{}
}

// Memory has for tests the methods that Redis has for the cache, so that both are held to
// the same behaviour.

func (m *Memory) Get(_ context.Context, keys []string) (map[string]*Entry, error) {
	found, now := make(map[string]*Entry), time.Now()
	for _, key := range keys {
		if e := m.get(key, now); e != nil {
			found[key] = e
		}
	}
	return found, nil
}

func (m *Memory) Set(_ context.Context, entries map[string]*Entry) error {
	now := time.Now()
	for key, e := range entries {
		m.set(key, e, now)
	}
	return nil
}

func (m *Memory) Delete(_ context.Context, keys []string) error {
	for _, key := range keys {
		m.entries.Invalidate(key)
	}
	return nil
}
