package cache

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// through is one kind of entity: who gives it, and what of it is under way.
type through[V any] struct {
	cache  *Cache
	kind   Kind
	policy policy
	next   batch.Func[string, V]

	mu     sync.Mutex
	flying map[string]*flight // by key
}

// depart lands the flights of a new trip that the shared store has fresh, and sends
// off the rest. It looks on the caller's own goroutine, within its deadline: a hit in
// Redis needs no other goroutine and no context that outlives the request. What that is
// worth is in docs/performance.md.
func (t *through[V]) depart(ctx context.Context, flights []*flight) {
	if len(flights) == 0 {
		return
	}
	tr := flights[0].trip
	rest := t.fromShared(ctx, tr, flights)
	tr.looked.Store(true)
	if len(rest) == 0 {
		return
	}
	// The load belongs to all who wait for it: it has the values of the first
	// one's context, not its end.
	loading, cancel := t.cache.detached(report.Kept(ctx))
	tr.cancel = cancel
	if slices.ContainsFunc(rest, func(f *flight) bool { return f.standIn != nil }) {
		tr.tell()
	}
	t.cache.work.Go(func() {
		defer cancel(nil)
		t.fromAnyone(loading, tr, rest)
	})
}

// fromShared lands the flights of keys that the shared store has fresh and
// gives the rest, with what may stand in for them noted. So it does with what
// another trip brought just before this one began.
func (t *through[V]) fromShared(ctx context.Context, tr *trip, flights []*flight) (rest []*flight) {
	now := time.Now()
	rest = t.landFound(tr, flights, func(f *flight) *Entry {
		f.standIn = t.sound(t.cache.memory.get(f.name, now), f.name)
		return f.standIn
	})
	if t.cache.shared == nil || len(rest) == 0 {
		return rest
	}
	looked := len(rest)
	found := t.cache.lookShared(ctx, names(rest))
	rest = t.landFound(tr, rest, func(f *flight) *Entry {
		e := t.sound(found[f.name], f.name)
		f.standIn = later(e, f.standIn)
		return e
	})
	t.cache.metrics.looked(tierRedis, looked-len(rest), len(rest))
	return rest
}

// landFound lands the flights for which something fresh was found in a store,
// and gives the rest.
func (t *through[V]) landFound(tr *trip, flights []*flight, find func(*flight) *Entry) (rest []*flight) {
	now := time.Now()
	var landed []*flight
	for _, f := range flights {
		e := find(f)
		if e == nil || !t.policy.fresh(e, now) || (tr.ahead && t.policy.aging(e, now)) {
			continue
		}
		f.entry = e
		t.cache.keepInMemory(tr.started, f.name, e)
		landed = append(landed, f)
	}
	if len(landed) == 0 {
		return flights
	}
	for _, f := range flights {
		if f.entry == nil {
			rest = append(rest, f)
		}
	}
	t.land(tr, landed)
	return rest
}

// sound is what a store has under name, nil if it cannot be used: it has not the
// form of this kind, or was purged while the store could not be told.
func (t *through[V]) sound(e *Entry, name string) *Entry {
	if e == nil || t.cache.purges.since(e.Answered, name) {
		return nil
	}
	if e.Absent {
		return e
	}
	if _, err := t.decode(e); err != nil {
		return nil
	}
	return e
}

// fromNext lands flights with what next says of their keys, and puts that aside.
func (t *through[V]) fromNext(ctx context.Context, tr *trip, flights []*flight) {
	// Who leaves before an answer can come asks for nothing.
	ask := tr.lasts(t.cache.cfg.LeastTime)
	var values map[string]V
	var err error = fault.New(fault.Timeout, t.kind.Service, errTooLate)
	if ask {
		values, err = t.ask(ctx, flights)
	}
	answered := time.Now()
	for _, f := range flights {
		f.entry, f.err = t.outcome(ctx, f.key, values, err, answered)
		f.asked = ask && fault.Asked(f.err)
	}
	if ctx.Err() == nil { // what was cut off is not to be relied on
		t.cache.keep(tr.started, flights)
	}
	t.land(tr, flights)
}

var errTooLate = errors.New("too little time is left to ask")

// outcome is what next says of one key.
func (t *through[V]) outcome(ctx context.Context, key string, values map[string]V, err error, answered time.Time) (*Entry, error) {
	if v, ok := values[key]; ok {
		return t.newEntry(v, answered)
	}
	if err := batch.ErrorOf(err, key); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return &Entry{Answered: answered, Keep: t.policy.absent, Absent: true}, nil
}

// ask calls next; its panic is an error of these keys alone.
func (t *through[V]) ask(ctx context.Context, flights []*flight) (values map[string]V, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.Recovered(t.kind.Service, v)
		}
	}()
	keys := make([]string, len(flights))
	for i, f := range flights {
		keys[i] = f.key
	}
	return t.next(ctx, keys)
}

// land tells those who wait for flights of a trip that their outcome is known.
func (t *through[V]) land(tr *trip, flights []*flight) {
	t.mu.Lock()
	for _, f := range flights {
		if t.flying[f.key] == f {
			delete(t.flying, f.key)
		}
	}
	t.mu.Unlock()
	for _, f := range flights {
		if tr.ahead {
			t.cache.metrics.refreshed(f.err)
		}
		f.landed.Store(true)
	}
	tr.tell()
}
