package entitycache

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/tracing"
)

// The methods in this file are for caches of what is derived from entities, such as whole
// responses, which must be dropped with them and be served to the same requests.

// Bypassed reports whether requests of ctx must be served nothing from a cache, because
// their client has seen a purge that may not have reached this gateway. The first call for
// a session may wait for it, for [sessionWait] at most.
func (c *Cache) Bypassed(ctx context.Context) bool { return c.readsPast(ctx) }

// Variant returns the variant of ctx over all services, or "".
func (c *Cache) Variant(ctx context.Context) string {
	if c.cfg.Variant == nil {
		return ""
	}
	return c.cfg.Variant(ctx, "")
}

// Version is the number of purges and revocations so far. While it is the same, so is
// every result of [Cache.Valid].
func (c *Cache) Version() uint64 { return c.generations.Total() + c.revocations.Load() }

// Valid reports whether what was made of an entity may still be served: its name was not
// purged since its generation, and not revoked at since or later.
func (c *Cache) Valid(name string, gen uint64, since time.Time) bool {
	return gen == c.generations.Of(name) && !c.revokedSince(since, name)
}

// Refresh runs refresh in the background, with the values of ctx and a time limit of its
// own. In its context, loads wait for the replacements of entries that need a refresh. It
// returns false if too many refreshes are running already.
func (c *Cache) Refresh(ctx context.Context, name string, refresh func(context.Context)) (started bool) {
	release, ok := c.acquireRefresh()
	if !ok {
		c.metrics.refreshes.WithLabelValues(refreshDropped).Inc()
		return false
	}
	ctx, span := tracing.Start(ctx, tracing.Refresh, "refresh", name)
	ctx, cancel := c.detached(withRefresh(ctx))
	c.background.Go(func() {
		defer release()
		defer span.End()
		defer cancel(nil)
		refresh(ctx)
	})
	return true
}

// LookupMetrics are the metrics of lookups in one cache.
type LookupMetrics struct {
	Hits, Misses prometheus.Counter
	Ages         prometheus.Observer // in seconds, of what was served
}

// LookupMetrics returns the metrics of lookups in the cache of a cache_type.
func (c *Cache) LookupMetrics(cacheType string) LookupMetrics {
	hits, misses := c.metrics.lookups(cacheType)
	return LookupMetrics{hits, misses, c.metrics.ages}
}
