package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
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

// fly loads keys: from the shared store, and from next what that has not.
// Each flight lands as soon as its outcome is known.
func (t *through[V]) fly(ctx context.Context, tr *trip, keys []string, flights map[string]*flight) {
	rest := t.fromShared(ctx, tr, keys, flights)
	close(tr.looked)
	if len(rest) > 0 {
		t.fromAnyone(ctx, tr, rest, flights)
	}
}

// fromShared lands the flights of keys that the shared store has fresh and
// gives the rest, with what may stand in for them noted. So it does with what
// another trip brought just before this one began.
func (t *through[V]) fromShared(ctx context.Context, tr *trip, keys []string, flights map[string]*flight) (rest []string) {
	inMemory, _ := t.cache.memory.Get(ctx, t.names(keys)) // memory never fails
	rest = t.landFound(ctx, tr, keys, inMemory, flights)
	if len(rest) == 0 {
		return nil
	}
	looked := len(rest)
	found := t.cache.lookShared(ctx, t.names(rest))
	rest = t.landFound(ctx, tr, rest, found, flights)
	for _, key := range rest {
		flights[key].standIn = later(found[t.name(key)], inMemory[t.name(key)])
	}
	if t.cache.shared != nil {
		t.cache.metrics.looked(tierRedis, looked-len(rest), len(rest))
	}
	return rest
}

// landFound lands the flights of keys for which something fresh was found in a
// store, and gives the rest. It takes out of found what makes no sense.
func (t *through[V]) landFound(ctx context.Context, tr *trip, keys []string, found map[string]*Entry, flights map[string]*flight) (rest []string) {
	now := time.Now()
	fresh := write{}
	var landed []string
	for _, key := range keys {
		name := t.name(key)
		e := found[name]
		if e != nil && !t.sound(e, name) {
			delete(found, name)
			e = nil
		}
		if e == nil || !t.policy.fresh(e, now) || (tr.ahead && t.policy.aging(e, now)) {
			rest = append(rest, key)
			continue
		}
		flights[key].entry = e
		fresh[name] = e
		landed = append(landed, key)
	}
	t.cache.keepInMemory(ctx, tr.started, fresh)
	t.land(landed, flights)
	return rest
}

// sound tells whether what the shared store has under name can be used: it has
// the form of this kind, and was not purged while the store could not be told.
func (t *through[V]) sound(e *Entry, name string) bool {
	if t.cache.purges.since(e.Answered, name) {
		return false
	}
	if e.Absent {
		return true
	}
	_, err := t.decode(e)
	return err == nil
}

// fromNext lands the flights of keys with what next says of them, and puts
// that aside.
func (t *through[V]) fromNext(ctx context.Context, tr *trip, keys []string, flights map[string]*flight) {
	// Who leaves before an answer can come asks for nothing.
	ask := tr.lasts(t.cache.cfg.LeastTime)
	var values map[string]V
	var err error = fault.New(fault.Timeout, t.kind.Service, errTooLate)
	if ask {
		values, err = t.ask(ctx, keys)
	}
	answered := time.Now()
	kept := make(write, len(keys))
	for _, key := range keys {
		f := flights[key]
		f.asked = ask
		f.entry, f.err = t.outcome(ctx, key, values, err, answered)
		if f.err == nil {
			kept[t.name(key)] = f.entry
		}
	}
	if ctx.Err() == nil { // what was cut off is not to be relied on
		t.cache.keep(ctx, tr.started, kept)
	}
	t.land(keys, flights)
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
func (t *through[V]) ask(ctx context.Context, keys []string) (values map[string]V, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.Recovered(t.kind.Service, v)
		}
	}()
	return t.next(ctx, keys)
}

// land tells those who wait for keys that their outcome is known.
func (t *through[V]) land(keys []string, flights map[string]*flight) {
	t.mu.Lock()
	for _, key := range keys {
		if t.flying[key] == flights[key] {
			delete(t.flying, key)
		}
	}
	t.mu.Unlock()
	for _, key := range keys {
		f := flights[key]
		if f.trip.ahead {
			t.cache.metrics.refreshed(f.err)
		}
		close(f.done)
	}
}
