package responsecache

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"tributary/gateway/entitycache"
	"tributary/gateway/report"
)

// Response is a whole response that was built from entities.
type Response[V any] struct {
	// Value is what [Cache.Get] returns. It is shared by requests and must not be modified.
	Value V
	// Size is the approximate size of Value in memory, in bytes.
	Size int
	// StartedAt is when the response began to be built.
	StartedAt time.Time
	// Oldest is when the upstream returned the oldest entity of the response.
	Oldest time.Time
	// Life has the entities of the response, and how long it is fresh.
	Life report.Life
	// Refresh builds the response anew and stores it with [Cache.Set]. It is called in the
	// background when a request hits the response in the last part of its life. Its context
	// has the values of that request's context.
	Refresh func(context.Context)
}

// The approximate overhead of an entry, and of each of its dependencies, in bytes, as
// measured.
const (
	entryOverhead      = 1280
	dependencyOverhead = 64
)

// entry is a response in the cache.
type entry[V any] struct {
	Response[V] // without Life.Of, which dependencies replaces

	dependencies []dependency
	weight       uint32        // in bytes
	refreshing   atomic.Bool   // a refresh was started
	validAt      atomic.Uint64 // 1 + the version of the entities at which dependencies were last found valid; 0: never
}

// dependency is an entity of a response.
type dependency struct {
	name       string
	generation uint64
	since      time.Time // revocations at since or later invalidate the response
}

func newEntry[V any](resp Response[V]) *entry[V] {
	e := &entry[V]{Response: resp, dependencies: make([]dependency, 0, len(resp.Life.Of))}
	weight := resp.Size + entryOverhead
	for _, use := range resp.Life.Of {
		d := dependency{use.Name, use.Generation, use.Answered}
		if resp.StartedAt.Before(d.since) {
			d.since = resp.StartedAt
		}
		e.dependencies = append(e.dependencies, d)
		weight += len(d.name) + dependencyOverhead
	}
	e.Life.Of = nil
	e.weight = uint32(min(weight, math.MaxInt32)) //nolint:gosec // G115: bounded here
	return e
}

// fresh reports whether the entry may be served.
func (e *entry[V]) fresh(now time.Time) bool { return now.Before(e.Life.Until) }

// needsRefresh reports whether the entry is so old that it is to be refreshed, and no
// refresh was started.
func (e *entry[V]) needsRefresh(now time.Time) bool {
	return !e.Life.Aging.IsZero() && !now.Before(e.Life.Aging) && !e.refreshing.Load()
}

// valid reports whether none of the dependencies was purged or revoked. It looks at them
// only if there was a purge or a revocation since the last time.
func (e *entry[V]) valid(entities *entitycache.Cache) bool {
	version := 1 + entities.Version()
	if e.validAt.Load() == version {
		return true
	}
	for _, d := range e.dependencies {
		if !entities.Valid(d.name, d.generation, d.since) {
			return false
		}
	}
	e.validAt.Store(version)
	return true
}
