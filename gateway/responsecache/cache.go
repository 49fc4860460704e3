package responsecache

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache"
)

// Cache stores whole responses in memory, bounded in bytes, until the first of their
// entities expires or is purged. It is safe for concurrent use; nil stores nothing.
type Cache[V any] struct {
	entities *entitycache.Cache
	entries  *otter.Cache[Key, *entry[V]]
	aliases  *otter.Cache[Key, Key]
	metrics  entitycache.LookupMetrics
	evicted  atomic.Uint64 // entries removed to make room
}

// maxAliases is the maximum number of aliases, and aliasBytes what each takes, as measured.
const (
	maxAliases = 20_000
	aliasBytes = 160
)

// cacheType is the value of the label cache_type.
const cacheType = "response"

// Deps are what a [Cache] depends on.
type Deps struct {
	// Entities is the cache of the entities that responses are built from.
	Entities *entitycache.Cache
	// Metrics is where the size of the cache is registered.
	Metrics prometheus.Registerer
}

// New returns a cache, or nil if the settings disable it. Its owner must close it after
// the entity cache, whose background work may still store responses.
func New[V any](cfg Config, deps Deps) (*Cache[V], error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Cache[V]{entities: deps.Entities, metrics: deps.Entities.LookupMetrics(cacheType)}
	if cfg.MaxMB == 0 {
		return nil, nil //nolint:nilnil // nil is a Cache that stores nothing
	}
	var err error
	if c.entries, err = otter.New(&otter.Options[Key, *entry[V]]{
		MaximumWeight: cfg.maxBytes(),
		Weigher:       func(_ Key, e *entry[V]) uint32 { return e.weight },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, *entry[V]]) time.Duration {
			return max(1, time.Until(e.Value.Life.Until))
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *entry[V]]) {
			if e.Cause == otter.CauseOverflow {
				c.evicted.Add(1)
			}
		},
	}); err != nil {
		return nil, fmt.Errorf("responsecache: %w", err)
	}
	if c.aliases, err = otter.New(&otter.Options[Key, Key]{MaximumSize: maxAliases}); err != nil {
		return nil, fmt.Errorf("responsecache: %w", err)
	}
	deps.Metrics.MustRegister(entitycache.NewSizes(cacheType, &c.evicted, c.size))
	return c, nil
}

// Close stops the goroutines of the cache.
func (c *Cache[V]) Close() {
	if c != nil {
		c.entries.StopAllGoroutines()
		c.aliases.StopAllGoroutines()
	}
}

func (c *Cache[V]) size() (bytes uint64, entries int) {
	aliases := uint64(c.aliases.EstimatedSize()) //nolint:gosec // G115: a size
	return c.entries.WeightedSize() + aliases*aliasBytes, c.entries.EstimatedSize()
}

// Get returns the response of the first of keys that has a fresh one. If that is in the
// last part of its life, it is refreshed in the background.
func (c *Cache[V]) Get(ctx context.Context, keys ...Key) (v V, ok bool) {
	if c == nil {
		return v, false
	}
	for _, key := range keys {
		if v, ok = c.get(ctx, key); ok {
			return v, true
		}
	}
	c.metrics.Misses.Inc()
	return v, false
}

// GetByAlias is Get by an alias that was set with [Cache.SetAlias]. An unknown alias does
// not count as a miss.
func (c *Cache[V]) GetByAlias(ctx context.Context, alias Key) (v V, ok bool) {
	if c == nil {
		return v, false
	}
	key, known := c.aliases.GetIfPresent(alias)
	if !known {
		return v, false
	}
	return c.get(ctx, key)
}

// SetAlias makes the response of key available to [Cache.GetByAlias] by alias, the key of
// a request as the client sent it.
func (c *Cache[V]) SetAlias(alias, key Key) {
	if c != nil {
		c.aliases.Set(alias, key)
	}
}

func (c *Cache[V]) get(ctx context.Context, key Key) (v V, ok bool) {
	if c.entities.Bypassed(ctx) {
		return v, false
	}
	e, found := c.entries.GetIfPresent(c.withVariant(ctx, key))
	now := time.Now()
	if !found || !e.fresh(now) || !e.valid(c.entities) {
		return v, false
	}
	if e.needsRefresh(now) {
		c.refresh(ctx, e)
	}
	c.metrics.Hits.Inc()
	c.metrics.Ages.Observe(now.Sub(e.Oldest).Seconds())
	return e.Value, true
}

// Set stores a response under key, unless it has expired, one of its entities was purged
// since it was loaded, or a response that is fresh for longer is stored there.
func (c *Cache[V]) Set(ctx context.Context, key Key, resp Response[V]) (stored bool) {
	if c == nil {
		return false
	}
	e := newEntry(resp)
	if !e.fresh(time.Now()) || !e.valid(c.entities) {
		return false
	}
	c.entries.Compute(c.withVariant(ctx, key), func(old *entry[V], found bool) (*entry[V], otter.ComputeOp) {
		if found && !old.Life.Until.Before(resp.Life.Until) && old.valid(c.entities) {
			return old, otter.CancelOp
		}
		return e, otter.WriteOp
	})
	return true
}

// withVariant returns key, made specific to the variant of ctx.
func (c *Cache[V]) withVariant(ctx context.Context, key Key) Key {
	v := c.entities.Variant(ctx)
	if v == "" {
		return key
	}
	return NewKey("variant", append(key[:], v...))
}

// refresh starts to build a response anew in the background, once.
func (c *Cache[V]) refresh(ctx context.Context, e *entry[V]) {
	if e.refreshing.CompareAndSwap(false, true) && !c.entities.Refresh(ctx, cacheType, e.Refresh) {
		e.refreshing.Store(false) // too many refreshes are running: a later request starts this one
	}
}
