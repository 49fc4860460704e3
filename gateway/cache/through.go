package cache

import (
	"context"
	"encoding/json"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// Kind names what a [Through] puts aside.
type Kind struct {
	Name    string // stands before each key; changes when the form of the values does
	Service string // for reports and metrics
}

// Through puts the values that next gives aside in c and gives them out again
// while they are fresh, or, marked in the report of the context, when next
// fails. Values are shared between callers and must not be changed.
//
// Concurrent loads of a key ask next once, whichever keys they ask for
// besides. Such a load outlives the caller who began it as long as somebody
// waits for it.
func Through[V any](c *Cache, kind Kind, next batch.Func[string, V]) batch.Func[string, V] {
	t := &through[V]{cache: c, kind: kind, next: next}
	return t.load
}

type through[V any] struct {
	cache   *Cache
	kind    Kind
	next    batch.Func[string, V]
	flights flights[V]
}

func (t *through[V]) load(ctx context.Context, keys []string) (map[string]V, error) {
	values := make(map[string]V, len(keys))
	missing := t.fromMemory(ctx, keys, values)
	if len(missing) == 0 {
		return values, nil
	}
	failed := batch.KeyErrors[string]{}
	for key, f := range t.join(ctx, missing) {
		value, err := t.await(ctx, f)
		switch {
		case err != nil:
			failed[key] = err
		case !value.absent:
			values[key] = value.v
		}
	}
	return values, failed.OrNil()
}

// fromMemory fills in what memory has fresh and gives the keys that it has not.
func (t *through[V]) fromMemory(ctx context.Context, keys []string, values map[string]V) (missing []string) {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = t.name(key)
	}
	found, _ := t.cache.memory.Get(ctx, names) // memory never fails
	now := time.Now()
	for i, key := range keys {
		e := found[names[i]]
		if e == nil || !t.cache.fresh(e, now) {
			missing = append(missing, key)
			continue
		}
		v, err := t.decode(e)
		if err != nil {
			missing = append(missing, key)
			continue
		}
		t.used(ctx, e, now, false)
		if !e.Absent {
			values[key] = v
		}
	}
	t.cache.metrics.hits.WithLabelValues(tierMemory).Add(float64(len(keys) - len(missing)))
	t.cache.metrics.misses.WithLabelValues(tierMemory).Add(float64(len(missing)))
	return missing
}

func (t *through[V]) name(key string) string { return t.kind.Name + ":" + key }

func (t *through[V]) used(ctx context.Context, e *Entry, now time.Time, asked bool) {
	report.From(ctx).Used(e.Answered, asked)
	if !asked {
		t.cache.metrics.ages.Observe(e.Age(now).Seconds())
	}
}

// outcome is what came of a key: a value, or the news that there is none.
type outcome[V any] struct {
	v      V
	absent bool
}

// await waits for a flight, or for ctx. A flight that failed is answered by
// its stand-in, if it has one.
func (t *through[V]) await(ctx context.Context, f *flight[V]) (outcome[V], error) {
	defer f.leave()
	select {
	case <-f.done:
	case <-ctx.Done():
		return outcome[V]{}, context.Cause(ctx)
	}
	now := time.Now()
	if f.err == nil {
		v, err := t.decode(f.entry)
		if err != nil {
			return outcome[V]{}, &fault.Error{Kind: fault.Internal, Service: t.kind.Service, Err: err}
		}
		t.used(ctx, f.entry, now, f.asked)
		return outcome[V]{v, f.entry.Absent}, nil
	}
	report.From(ctx).Asked()
	if e := f.standIn; e != nil && e.Usable(now) && !e.Absent {
		if v, err := t.decode(e); err == nil {
			t.used(ctx, e, now, true)
			report.From(ctx).OutOfDate(t.kind.Service, e.Age(now))
			t.cache.metrics.stale.WithLabelValues(t.kind.Service).Inc()
			return outcome[V]{v: v}, nil
		}
	}
	return outcome[V]{}, f.err
}

// decode gives the value of e, which it remembers: memory hands out the same
// entry many times.
func (t *through[V]) decode(e *Entry) (V, error) {
	v, ok := e.decoded.Load().(V)
	if ok || e.Absent {
		return v, nil
	}
	if err := json.Unmarshal(e.Body, &v); err != nil {
		return v, err
	}
	e.decoded.Store(v)
	return v, nil
}

// newEntry makes an entry of what next gave at answered.
func (t *through[V]) newEntry(v V, answered time.Time) (*Entry, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	e := &Entry{Answered: answered, Keep: t.cache.cfg.TTL + t.cache.cfg.StaleIfError, Body: body}
	e.decoded.Store(v)
	return e, nil
}
