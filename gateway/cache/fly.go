package cache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// through is the state of [Through] for one kind of entity, with its loads in flight.
type through[V any] struct {
	cache  *Cache
	kind   Kind
	policy policy
	next   batch.Func[string, V]
	shape  uint64 // of V

	mu     sync.Mutex
	flying map[string]*flight // by key
}

// depart lands the flights of a new trip that are fresh in the shared store, and starts
// the load of the rest in the background. The lookup runs on the caller's goroutine and
// within its deadline: a hit in Redis needs no goroutine and no detached context. What that is
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
	// The load belongs to all callers that wait for it, so it has the values of the
	// first caller's context, but not its deadline or cancellation.
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

// fromShared lands the flights whose keys are fresh in the shared store, or in memory
// because another trip has just loaded them. It returns the rest, with their stand-ins
// set.
func (t *through[V]) fromShared(ctx context.Context, tr *trip, flights []*flight) (rest []*flight) {
	now := time.Now()
	rest = t.landFound(tr, flights, func(f *flight) *Entry {
		f.standIn = t.sound(t.cache.inMemory(f.name, now))
		return f.standIn
	})
	if t.cache.shared == nil || tr.past || len(rest) == 0 {
		return rest
	}
	looked := len(rest)
	found := t.cache.lookShared(ctx, names(rest))
	rest = t.landFound(tr, rest, func(f *flight) *Entry {
		f.standIn = later(t.shared(f, found[f.name]), f.standIn)
		return f.standIn
	})
	t.cache.metrics.looked(tierRedis, looked-len(rest), len(rest))
	return rest
}

// landFound lands the flights for which find returns a fresh entry, and returns the rest.
func (t *through[V]) landFound(tr *trip, flights []*flight, find func(*flight) *Entry) (rest []*flight) {
	now := time.Now()
	var landed []*flight
	for _, f := range flights {
		e := find(f)
		if e == nil || tr.past || !t.policy.fresh(e, now) || (tr.ahead && t.policy.aging(e, now)) {
			continue
		}
		f.entry = e
		t.cache.keepInMemory(f.name, e)
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

// shared returns the entry of a flight that was read from the shared store, or nil if it
// cannot be used: it was encoded from another type, or is not what its value would be encoded
// as, since members are missing or are lost by decoding.
func (t *through[V]) shared(f *flight, e *Entry) *Entry {
	if e == nil || !e.Absent && e.shape != t.shape {
		return nil
	}
	e.epoch.here = f.epoch.here
	if e = t.sound(e); e == nil || e.Absent {
		return e
	}
	if again, err := json.Marshal(e.known()); err != nil || !bytes.Equal(again, e.Body) {
		return nil
	}
	return e
}

// sound returns e, or nil if it cannot be decoded as this kind.
func (t *through[V]) sound(e *Entry) *Entry {
	if e == nil || e.Absent {
		return e
	}
	v, err := t.decode(e)
	if err != nil {
		return nil
	}
	if e.footprint == 0 { // it was read from the shared store, and nobody else has it yet
		e.footprint = footprint(reflect.ValueOf(v))
	}
	return e
}

// fromNext loads the keys of flights from next, caches the results, and lands the flights.
func (t *through[V]) fromNext(ctx context.Context, tr *trip, flights []*flight) {
	// The call is pointless if all callers leave before it can end.
	ask := tr.lasts(t.cache.cfg.LeastTime)
	var values map[string]V
	var err error = fault.New(fault.Timeout, t.kind.Service, errTooLate)
	if ask {
		values, err = t.ask(ctx, flights)
	}
	answered := time.Now()
	for _, f := range flights {
		f.entry, f.err = t.outcome(ctx, f, values, err, answered)
		f.asked = ask && fault.Asked(f.err)
	}
	t.cache.noteRefusals(flights, answered)
	if ctx.Err() == nil { // results of a cancelled call are not cached
		t.cache.keep(flights)
	}
	t.land(tr, flights)
}

var errTooLate = errors.New("the deadline is too close for a load")

// outcome returns the result of next for the key of a flight.
func (t *through[V]) outcome(ctx context.Context, f *flight, values map[string]V, err error, answered time.Time) (*Entry, error) {
	if v, ok := values[f.key]; ok {
		return t.newEntry(f, v, answered)
	}
	err = batch.ErrorOf(err, f.key)
	byPage := t.unknownByPage(f, err, answered)
	if err != nil && !byPage {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Another gateway may know the key, and so it is not told what a page says.
	return &Entry{Answered: answered, Keep: t.policy.absent, Absent: true, local: byPage, epoch: f.epoch}, nil
}

// ask calls next. A panic fails only the keys of this call.
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

// land marks flights of a trip as landed and wakes those that wait for them.
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
