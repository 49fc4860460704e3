package entitycache

import (
	"context"
	"reflect"
	"sync"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache/generation"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// Kind describes the entities that a [ReadThrough] caches.
type Kind struct {
	Name    string // prefix of keys; must change when the format of the values does
	Service string // for reports and metrics
	// Decode, if not nil, decodes a value instead of encoding/json, which cannot decode
	// interfaces. What it returns must be of the type that is cached.
	Decode func(data []byte) (any, error)
}

// ReadThrough caches the values of upstream in c. It serves them while they are fresh, and
// stale, recorded in the report of the context, when upstream fails. Values are shared
// between callers and must not be modified.
//
// Values of a key are separate for each [Config.Variant] of a request.
//
// Concurrent loads of a key call upstream once, whatever other keys they load. The caller
// that starts a load looks into Redis itself, within its own deadline; the call
// of upstream outlives it for as long as another caller waits for it. A key requested in the
// last fifth of its TTL is refreshed in the background, so that keys in demand do not
// expire.
//
// Freshness is decided when a value is read. While a caller waits for its slowest key,
// others may expire; [report.Stats.Overdue] of the context's report has them.
//
// All of them must be created before the cache is used.
func ReadThrough[V any](c *Cache, kind Kind, upstream batch.Func[string, V]) batch.Func[string, V] {
	c.kinds = append(c.kinds, kind.Name)
	t := &readThrough[V]{
		cache: c, kind: kind, policy: c.cfg.policyFor(kind.Name), upstream: upstream,
		shape: shapeOf(reflect.TypeFor[V]()), inFlight: map[loadKey]*load{},
	}
	return t.get
}

// readThrough is the state of [ReadThrough] for one kind of entity.
type readThrough[V any] struct {
	cache    *Cache
	kind     Kind
	policy   freshnessPolicy
	upstream batch.Func[string, V]
	shape    uint64 // of V

	mu       sync.Mutex
	inFlight map[loadKey]*load
}

// loadKey identifies the load of a value of a kind.
type loadKey struct{ id, variant string }

// lookup is a requested key, and the name of its entry in the stores.
type lookup struct {
	loadKey

	name string
}

// get returns the values of keys, from memory, or else by loads.
func (t *readThrough[V]) get(ctx context.Context, keys []string) (map[string]V, error) {
	ctx, span := tracing.Start(ctx, tracing.Cache, "cache", t.kind.Name)
	defer span.End()
	report.From(ctx).Grow(len(keys))
	if personal := t.cache.cfg.Personal; personal != nil && personal(ctx, t.kind.Service) {
		report.From(ctx).Personal()
	}
	values := make(map[string]V, len(keys))
	bypass := t.cache.readsPast(ctx)
	missing := t.lookUpMemory(ctx, keys, values, bypass)
	found := lookupStats{memory: len(keys) - len(missing)}
	defer func() { found.trace(span, t.kind, keys) }()
	if len(missing) == 0 {
		return values, nil
	}
	if t.cache.redis != nil && !bypass {
		t.cache.redis.AwaitFirstProbe(ctx)
	}
	failed := batch.KeyErrors[string]{}
	loads, mine := t.joinOrStart(ctx, missing, bypass)
	t.lookUp(ctx, mine)
	holder := batch.HolderOf(ctx)
	for _, l := range loads {
		e, err := t.wait(ctx, l, bypass)
		found.add(l, err)
		if err == nil && holder != nil {
			err = holder.Hold(e.weight())
		}
		if err == nil && !e.NotFound {
			values[l.id], err = t.decode(e)
		}
		if err != nil {
			failed[l.id] = err
		}
	}
	return values, failed.OrNil()
}

// lookUpMemory adds the values that are fresh in memory, and returns the other keys: all, if
// the caller bypasses the cache.
func (t *readThrough[V]) lookUpMemory(ctx context.Context, keys []string, values map[string]V, bypass bool) (missing []lookup) {
	now := time.Now()
	variant := t.variant(ctx)
	var old []expiringEntry
	for _, key := range keys {
		l := lookup{loadKey{key, variant}, generation.Name(t.kind.Name, key, variant)}
		e := t.cache.inMemory(l.name, now)
		if e == nil || bypass || !t.serves(ctx, l.loadKey, e, now) || !t.take(key, e, values) {
			if missing == nil {
				missing = make([]lookup, 0, len(keys))
			}
			missing = append(missing, l)
			continue
		}
		if t.policy.needsRefresh(e, now) && !e.refreshClaimed.Load() {
			old = append(old, expiringEntry{l, e})
		}
		t.recordUse(ctx, l.name, e, now, false)
	}
	if len(old) > 0 {
		t.refresh(ctx, old)
	}
	t.cache.metrics.countLookup(tierMemory, len(keys)-len(missing), len(missing))
	return missing
}

// variant returns the variant of the values for a request.
func (t *readThrough[V]) variant(ctx context.Context) string {
	if t.cache.cfg.Variant == nil {
		return ""
	}
	return t.cache.cfg.Variant(ctx, t.kind.Service)
}

// serves reports whether e can be used without a load: it is fresh, and the caller need
// not wait for its replacement.
func (t *readThrough[V]) serves(ctx context.Context, key loadKey, e *Entry, now time.Time) bool {
	return t.policy.fresh(e, now) && (!isRefresh(ctx) || !t.policy.needsRefresh(e, now) || !t.claimRefresh(key, e))
}

// take adds the value of e, and reports whether it could be decoded.
func (t *readThrough[V]) take(key string, e *Entry, values map[string]V) bool {
	if e.NotFound {
		return true
	}
	v, err := t.decode(e)
	if err == nil {
		values[key] = v
	}
	return err == nil
}

// recordUse records in the report that e is part of the response. calledUpstream is whether
// the upstream was called for it.
func (t *readThrough[V]) recordUse(ctx context.Context, name string, e *Entry, now time.Time, calledUpstream bool) {
	t.addUse(ctx, name, e, report.Dependency{Asked: calledUpstream})
	if !calledUpstream {
		t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	}
}

// recordStale records that the stale entry of a load is part of the response. If the load is
// a refresh, the entry may still be fresh.
func (t *readThrough[V]) recordStale(ctx context.Context, l *load, now time.Time, calledUpstream bool) {
	e := l.staleEntry
	fresh := t.policy.fresh(e, now)
	t.addUse(ctx, l.name, e, report.Dependency{Asked: calledUpstream, Stale: !fresh})
	if fresh {
		return
	}
	report.From(ctx).AddStale(t.kind.Service, e.Age(now))
	t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	t.cache.metrics.stale.WithLabelValues(t.kind.Service).Inc()
}

// addUse fills in use, a use of e, and adds it to the report.
func (t *readThrough[V]) addUse(ctx context.Context, name string, e *Entry, use report.Dependency) {
	use.Name, use.Service, use.Answered, use.Generation = name, t.kind.Service, e.FetchedAt, e.generation
	use.Fresh, use.Aging = t.policy.freshUntil(e), t.policy.refreshAfter(e)
	report.From(ctx).Used(use)
}
