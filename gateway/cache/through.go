package cache

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// Kind describes the entities that a [Through] caches.
type Kind struct {
	Name    string // prefix of keys; must change when the format of the values does
	Service string // for reports and metrics
	// Decode, if not nil, decodes a value instead of encoding/json, which cannot decode
	// interfaces. What it returns must be of the type that is cached.
	Decode func(data []byte) (any, error)
}

// Through caches the values of next in c. It serves them while they are fresh, and
// stale, recorded in the report of the context, when next fails. Values are shared
// between callers and must not be modified.
//
// Values of a key are separate for each [Config.Variant] of a request.
//
// Concurrent loads of a key call next once, whatever other keys they load. The caller
// that starts a load looks into the shared store itself, within its own deadline; the
// call of next outlives it for as long as another caller waits for it. A key requested
// in the last fifth of its TTL is refreshed in the background, so that keys in demand
// do not expire.
//
// Freshness is decided when a value is read. While a caller waits for its slowest key,
// others may expire; [report.Report.Overdue] of the context's report has them.
//
// All Throughs must be created before the cache is used.
func Through[V any](c *Cache, kind Kind, next batch.Func[string, V]) batch.Func[string, V] {
	c.kinds = append(c.kinds, kind.Name)
	t := &through[V]{cache: c, kind: kind, policy: c.cfg.of(kind.Name), next: next, shape: shapeOf(reflect.TypeFor[V]()), flying: map[string]*flight{}}
	if c.cfg.Variant == nil {
		return t.load
	}
	t.next = together(next)
	variant := func(ctx context.Context) string { return c.cfg.Variant(ctx, kind.Service) }
	return apart(variant, t.load)
}

func (t *through[V]) load(ctx context.Context, keys []string) (map[string]V, error) {
	ctx, span := tracing.Start(ctx, tracing.Cache, "cache", t.kind.Name)
	defer span.End()
	report.From(ctx).Expect(len(keys))
	if personal := t.cache.cfg.Personal; personal != nil && personal(ctx, t.kind.Service) {
		report.From(ctx).Personal()
	}
	values := make(map[string]V, len(keys))
	past := t.cache.readsPast(ctx)
	missing := t.fromMemory(ctx, keys, values, past)
	found := tally{memory: len(keys) - len(missing)}
	defer func() { found.trace(span, t.kind, keys) }()
	if len(missing) == 0 {
		return values, nil
	}
	if t.cache.shared != nil && !past {
		t.cache.shared.breaker.awaitFirst(ctx)
	}
	failed := batch.KeyErrors[string]{}
	flights, mine := t.join(ctx, missing, past)
	t.depart(ctx, mine)
	holder := batch.HolderOf(ctx)
	for _, f := range flights {
		e, err := t.await(ctx, f, past)
		found.add(f, err)
		if err == nil && holder != nil {
			err = holder.Hold(e.weight())
		}
		if err == nil && !e.Absent {
			values[f.key], err = t.decode(e)
		}
		if err != nil {
			failed[f.key] = err
		}
	}
	return values, failed.OrNil()
}

// fromMemory adds the values that are fresh in memory, and returns the other keys: all, if the
// load reads past the cache.
func (t *through[V]) fromMemory(ctx context.Context, keys []string, values map[string]V, past bool) (missing []wanted) {
	now := time.Now()
	var old []aging
	for _, key := range keys {
		w := wanted{key, t.kind.Name + ":" + key}
		e := t.cache.inMemory(w.name, now)
		if e == nil || past || !t.serves(ctx, key, e, now) || !t.take(key, e, values) {
			if missing == nil {
				missing = make([]wanted, 0, len(keys))
			}
			missing = append(missing, w)
			continue
		}
		if t.policy.aging(e, now) && !e.refreshed.Load() {
			old = append(old, aging{w, e})
		}
		t.used(ctx, w.name, e, now, false)
	}
	if len(old) > 0 {
		t.refresh(ctx, old)
	}
	t.cache.metrics.looked(tierMemory, len(keys)-len(missing), len(missing))
	return missing
}

// serves reports whether e can be used without a load: it is fresh, and the caller need
// not wait for its replacement.
func (t *through[V]) serves(ctx context.Context, key string, e *Entry, now time.Time) bool {
	return t.policy.fresh(e, now) && (!isAhead(ctx) || !t.policy.aging(e, now) || !t.replaceable(key, e))
}

// take adds the value of e, and reports whether it could be decoded.
func (t *through[V]) take(key string, e *Entry, values map[string]V) bool {
	if e.Absent {
		return true
	}
	v, err := t.decode(e)
	if err == nil {
		values[key] = v
	}
	return err == nil
}

// decode returns the value of e. It caches it in the entry, because memory returns the
// same entry many times.
func (t *through[V]) decode(e *Entry) (V, error) {
	known := e.known()
	v, ok := known.(V)
	if ok {
		return v, nil
	}
	body, err := e.Body, error(nil)
	if body == nil && known != nil { // stored by a Through with another type of the same kind
		body, err = json.Marshal(known)
	}
	if err == nil {
		v, err = t.unmarshal(body)
	}
	if err != nil {
		return v, &fault.Error{Kind: fault.Internal, Service: t.kind.Service, Err: err}
	}
	e.remember(v)
	return v, nil
}

func (t *through[V]) unmarshal(body []byte) (v V, err error) {
	if t.kind.Decode == nil {
		err = json.Unmarshal(body, &v)
		return v, err
	}
	decoded, err := t.kind.Decode(body)
	v, _ = decoded.(V)
	return v, err
}

// newEntry returns an entry for a value that next returned at answered. It is encoded as
// JSON only if there is a shared store: encoding was a tenth of the allocations of a cold
// query, and the JSON half of the content of memory.
func (t *through[V]) newEntry(f *flight, v V, answered time.Time) (*Entry, error) {
	e := &Entry{
		Answered: answered, Keep: t.policy.ttl + t.policy.stale, epoch: f.epoch, shape: t.shape,
		value: v, footprint: footprint(reflect.ValueOf(v)),
	}
	if t.cache.shared != nil {
		var err error
		if e.Body, err = json.Marshal(v); err != nil {
			return nil, &fault.Error{Kind: fault.Internal, Service: t.kind.Service, Err: err}
		}
	}
	return e, nil
}
