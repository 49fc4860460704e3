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

// Key names a response or a request: a digest, so that it has the same size
// whatever a client sends.
type Key [sha256.Size]byte

// KeyOf is the key of a text in some language: the same text in another
// language has another.
func KeyOf(language string, text []byte) Key {
	key := Key(sha256.Sum256(text))
	for i := range len(language) {
		key[i%len(key)] ^= language[i]
	}
	return key
}

// Response is an answer that was put together from entities.
type Response[V any] struct {
	Value  V
	Size   int         // about how many bytes Value takes
	Began  time.Time   // when putting it together did
	Oldest time.Time   // when its oldest part was given
	Life   report.Life // how long it may be kept
	// Renew puts it together anew and keeps that. It is called beside the
	// request that finds the response aging, with a context that has the
	// values of that request's.
	Renew func(context.Context)
}

// Responses keeps responses as a whole, in memory, within bounds in bytes,
// until the first of their parts is no longer fresh or is purged. It is safe
// for concurrent use; nil keeps nothing.
type Responses[V any] struct {
	cache   *Cache
	kept    *otter.Cache[Key, *keptResponse[V]]
	aliases *otter.Cache[Key, Key]

	hits, misses prometheus.Counter
	evicted      atomic.Uint64 // responses dropped to make room
}

// About what is taken in memory beside what is counted: by a response, and by
// each of its parts.
const (
	responseOverhead = 512
	partOverhead     = 64
)

// aliasesKept is how many requests are known by what they say, word for word.
const aliasesKept = 20_000

// NewResponses returns a place for responses whose parts come through c, nil
// where the settings have none. It is made before c is used and closed with it.
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
	reg.MustRegister(newSizes(tierResponse, &r.evicted,
		func() (bytes uint64, entries int) { return r.kept.WeightedSize(), r.kept.EstimatedSize() }))
	return r, nil
}

// Get gives the response of a key, if one is kept that is fresh. One that ages
// is renewed in the background.
func (r *Responses[V]) Get(ctx context.Context, key Key) (v V, ok bool) {
	if r == nil {
		return v, false
	}
	if v, ok = r.get(ctx, key); !ok {
		r.misses.Inc()
	}
	return v, ok
}

// Recall is Get for a request that said the same, word for word, as one that
// [Responses.Alias] was told of. That there was none is no miss.
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

// Alias notes that a request that says the same as alias means key.
func (r *Responses[V]) Alias(alias, key Key) {
	if r != nil {
		r.aliases.Set(alias, key)
	}
}

func (r *Responses[V]) get(ctx context.Context, key Key) (v V, ok bool) {
	kept, found := r.kept.GetIfPresent(r.apart(ctx, key))
	now := time.Now()
	if !found || !now.Before(kept.Life.Until) || kept.purged(&r.cache.purges) {
		return v, false
	}
	if kept.aging(now) {
		r.renew(ctx, kept)
	}
	r.hits.Inc()
	r.cache.metrics.ages.Observe(now.Sub(kept.Oldest).Seconds())
	return kept.Value, true
}

// apart is key for requests that the upstreams answer in the way of that of ctx.
func (r *Responses[V]) apart(ctx context.Context, key Key) Key {
	if r.cache.cfg.Variant == nil {
		return key
	}
	v := r.cache.cfg.Variant(ctx)
	if v == "" {
		return key
	}
	return KeyOf("variant", append(key[:], v...))
}

// Keep keeps the response to the request of ctx under key, unless its life is over, a part of it was
// purged meanwhile, or one with a longer life is kept there.
func (r *Responses[V]) Keep(ctx context.Context, key Key, resp Response[V]) (kept bool) {
	if r == nil || !time.Now().Before(resp.Life.Until) {
		return false
	}
	k := newKept(resp)
	if k.purged(&r.cache.purges) {
		return false
	}
	r.kept.Compute(r.apart(ctx, key), func(old *keptResponse[V], found bool) (*keptResponse[V], otter.ComputeOp) {
		if found && !old.Life.Until.Before(resp.Life.Until) && !old.purged(&r.cache.purges) {
			return old, otter.CancelOp
		}
		return k, otter.WriteOp
	})
	return true
}

// renew has a response put together anew in the background, once.
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
