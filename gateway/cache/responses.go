package cache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// Key is a SHA-256 that identifies a response or a request.
type Key [sha256.Size]byte

// KeyOf returns the key of a text. Texts of different languages (formats) have
// different keys.
func KeyOf(language string, text []byte) Key {
	key := Key(sha256.Sum256(text))
	for i := range len(language) {
		key[i%len(key)] ^= language[i]
	}
	return key
}

// Response is a whole response, built from entities.
type Response[V any] struct {
	Value  V
	Size   int         // approximate size of Value in bytes
	Began  time.Time   // when building it started
	Oldest time.Time   // when the upstream returned its oldest part
	Life   report.Life // how long it may be kept
	// Renew builds the response anew and stores it with Keep. It is called in the
	// background when a request finds the response aging. Its context has the values
	// of that request's context.
	Renew func(context.Context)
}

// Responses caches whole responses in memory, bounded in bytes, until the first of
// their entities expires or is purged. It is safe for concurrent use; nil caches
// nothing.
type Responses[V any] struct {
	cache   *Cache
	kept    *otter.Cache[Key, *keptResponse[V]]
	aliases *otter.Cache[Key, Key]

	hits, misses prometheus.Counter
	evicted      atomic.Uint64 // responses dropped to make room
}

// The approximate overhead of a response, and of each of its parts, in bytes, as
// measured.
const (
	responseOverhead = 1280
	partOverhead     = 64
)

// aliasesKept is the maximum number of aliases, and aliasBytes what each takes.
const (
	aliasesKept = 20_000
	aliasBytes  = 160
)

// NewResponses returns a cache for responses built from entities of c, or nil if
// disabled by the settings. It must be created before c is used, and is closed with it.
func NewResponses[V any](c *Cache, reg prometheus.Registerer) (*Responses[V], error) {
	if c.cfg.ResponseMB == 0 {
		return nil, nil //nolint:nilnil // nil is a Responses that keeps nothing
	}
	r := &Responses[V]{
		cache: c,
		hits:  c.metrics.hits.WithLabelValues(tierResponse), misses: c.metrics.misses.WithLabelValues(tierResponse),
	}
	var err error
	if r.kept, err = otter.New(&otter.Options[Key, *keptResponse[V]]{
		MaximumWeight: uint64(c.cfg.ResponseMB) << 20, //nolint:gosec // G115: Validate has refused what is negative
		Weigher:       func(_ Key, k *keptResponse[V]) uint32 { return k.weight },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, *keptResponse[V]]) time.Duration {
			return max(1, time.Until(e.Value.Life.Until))
		}),
		OnAtomicDeletion: func(e otter.DeletionEvent[Key, *keptResponse[V]]) {
			if e.Cause == otter.CauseOverflow {
				r.evicted.Add(1)
			}
		},
	}); err != nil {
		return nil, fmt.Errorf("cache: responses: %w", err)
	}
	if r.aliases, err = otter.New(&otter.Options[Key, Key]{MaximumSize: aliasesKept}); err != nil {
		return nil, fmt.Errorf("cache: responses: %w", err)
	}
	c.alsoClose = append(c.alsoClose, r.kept.StopAllGoroutines, r.aliases.StopAllGoroutines)
	reg.MustRegister(NewSizes(tierResponse, &r.evicted,
		func() (bytes uint64, entries int) {
			aliases := uint64(r.aliases.EstimatedSize()) //nolint:gosec // G115: a size
			return r.kept.WeightedSize() + aliases*aliasBytes, r.kept.EstimatedSize()
		}))
	return r, nil
}

// Get returns the response of the first key that has a fresh one. An aging one is
// refreshed in the background.
func (r *Responses[V]) Get(ctx context.Context, keys ...Key) (v V, ok bool) {
	if r == nil {
		return v, false
	}
	for _, key := range keys {
		if v, ok = r.get(ctx, key); ok {
			return v, true
		}
	}
	r.misses.Inc()
	return v, false
}

// Recall is Get by an alias set with [Responses.Alias]. An unknown alias does not count
// as a miss.
func (r *Responses[V]) Recall(ctx context.Context, alias Key) (v V, ok bool) {
	if r == nil {
		return v, false
	}
	key, known := r.aliases.GetIfPresent(alias)
	if !known {
		return v, false
	}
	return r.get(ctx, key)
}

// Alias makes the response of key available to [Responses.Recall] by alias, the key of
// a request as the client sent it.
func (r *Responses[V]) Alias(alias, key Key) {
	if r != nil {
		r.aliases.Set(alias, key)
	}
}

func (r *Responses[V]) get(ctx context.Context, key Key) (v V, ok bool) {
	if r.cache.readsPast(ctx) {
		return v, false
	}
	kept, found := r.kept.GetIfPresent(r.apart(ctx, key))
	now := time.Now()
	if !found || !now.Before(kept.Life.Until) || kept.purged(r.cache) {
		return v, false
	}
	if kept.aging(now) {
		r.renew(ctx, kept)
	}
	r.hits.Inc()
	r.cache.metrics.ages.Observe(now.Sub(kept.Oldest).Seconds())
	return kept.Value, true
}

// apart returns key, made specific to the variant of ctx.
func (r *Responses[V]) apart(ctx context.Context, key Key) Key {
	if r.cache.cfg.Variant == nil {
		return key
	}
	v := r.cache.cfg.Variant(ctx, "")
	if v == "" {
		return key
	}
	return KeyOf("variant", append(key[:], v...))
}

// Keep stores a response under key, unless it has expired, one of its entities was
// purged in the meantime, or a response that lives longer is stored there.
func (r *Responses[V]) Keep(ctx context.Context, key Key, resp Response[V]) (kept bool) {
	if r == nil || !time.Now().Before(resp.Life.Until) {
		return false
	}
	k := newKept(resp)
	if k.purged(r.cache) {
		return false
	}
	r.kept.Compute(r.apart(ctx, key), func(old *keptResponse[V], found bool) (*keptResponse[V], otter.ComputeOp) {
		if found && !old.Life.Until.Before(resp.Life.Until) && !old.purged(r.cache) {
			return old, otter.CancelOp
		}
		return k, otter.WriteOp
	})
	return true
}

// renew starts to rebuild a response in the background, once.
func (r *Responses[V]) renew(ctx context.Context, kept *keptResponse[V]) {
	done, ok := r.cache.mayRefresh()
	if !ok {
		r.cache.metrics.refreshes.WithLabelValues(refreshDropped).Inc()
		return
	}
	if !kept.renewed.CompareAndSwap(false, true) {
		done()
		return
	}
	ctx, span := tracing.Start(ctx, tracing.Refresh, "refresh", "response")
	ctx, cancel := r.cache.detached(ahead(ctx))
	r.cache.work.Go(func() {
		defer done()
		defer span.End()
		defer cancel(nil)
		kept.Renew(ctx)
	})
}
