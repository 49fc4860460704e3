package cache

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
)

// flight is the load of one key that is under way, and who waits for it.
type flight[V any] struct {
	done chan struct{}

	// Written before done is closed, read-only after.
	entry   *Entry // nil if err is not
	asked   bool   // the upstream was
	err     error
	standIn *Entry // an entry past its time, nil if there is none

	waiting *atomic.Int64 // callers of the whole load
	cancel  context.CancelFunc
}

// leave takes a caller off the list; a load that nobody waits for ends.
func (f *flight[V]) leave() {
	if f.waiting.Add(-1) == 0 {
		f.cancel()
	}
}

// flights are the loads under way, by key.
type flights[V any] struct {
	mu  sync.Mutex
	now map[string]*flight[V]
}

// join gives a flight for each key: those that are under way, and for the rest
// one new load together.
func (t *through[V]) join(ctx context.Context, keys []string) map[string]*flight[V] {
	joined := make(map[string]*flight[V], len(keys))
	var mine []string
	t.flights.mu.Lock()
	defer t.flights.mu.Unlock()
	if t.flights.now == nil {
		t.flights.now = map[string]*flight[V]{}
	}
	for _, key := range keys {
		if f := t.flights.now[key]; f != nil && f.board() {
			joined[key] = f
			t.cache.metrics.coalesced.Inc()
			continue
		}
		mine = append(mine, key)
	}
	if len(mine) == 0 {
		return joined
	}
	// The load belongs to all who wait for it: it has the values of the first
	// one's context, not its end.
	loading, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.cache.cfg.loadTimeout())
	waiting := &atomic.Int64{}
	waiting.Add(int64(len(mine)))
	for _, key := range mine {
		f := &flight[V]{done: make(chan struct{}), waiting: waiting, cancel: cancel}
		joined[key] = f
		t.flights.now[key] = f
	}
	started := make(map[string]*flight[V], len(mine))
	for _, key := range mine {
		started[key] = joined[key]
	}
	go func() {
		defer cancel()
		t.fly(loading, mine, started)
	}()
	return joined
}

// board adds a caller, unless the load is being given up.
func (f *flight[V]) board() bool {
	for {
		n := f.waiting.Load()
		if n <= 0 {
			return false
		}
		if f.waiting.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// fly loads keys: from the shared store, and from next what that has not. Each
// flight lands as soon as its outcome is known.
func (t *through[V]) fly(ctx context.Context, keys []string, flying map[string]*flight[V]) {
	rest := t.fromShared(ctx, keys, flying)
	if len(rest) == 0 {
		return
	}
	values, err := t.ask(ctx, rest)
	answered := time.Now()
	kept := make(map[string]*Entry, len(rest))
	for _, key := range rest {
		f := flying[key]
		f.asked = true
		v, ok := values[key]
		if !ok {
			f.err = batch.ErrorOf(err, key)
		}
		switch {
		case f.err != nil:
		case ok:
			f.entry, f.err = t.newEntry(v, answered)
		default:
			f.entry = &Entry{Answered: answered, Keep: t.cache.cfg.AbsentTTL, Absent: true}
		}
		if f.err == nil {
			kept[t.name(key)] = f.entry
		}
	}
	t.cache.keep(ctx, kept)
	t.land(rest, flying)
}

// fromShared lands the flights of keys that the shared store has fresh and
// gives the rest, with their stand-ins noted.
func (t *through[V]) fromShared(ctx context.Context, keys []string, flying map[string]*flight[V]) (rest []string) {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = t.name(key)
	}
	inMemory, _ := t.cache.memory.Get(ctx, names) // memory never fails
	found := t.cache.lookShared(ctx, names)
	now := time.Now()
	var landed []string
	for i, key := range keys {
		e, f := found[names[i]], flying[key]
		if e != nil {
			if _, err := t.decode(e); err != nil {
				e = nil // junk under our key
			}
		}
		if e != nil && t.cache.fresh(e, now) {
			f.entry = e
			landed = append(landed, key)
			_ = t.cache.memory.Set(ctx, map[string]*Entry{names[i]: e})
			continue
		}
		f.standIn = later(e, inMemory[names[i]])
		rest = append(rest, key)
	}
	if t.cache.shared != nil {
		t.cache.metrics.hits.WithLabelValues(tierRedis).Add(float64(len(landed)))
		t.cache.metrics.misses.WithLabelValues(tierRedis).Add(float64(len(rest)))
	}
	t.land(landed, flying)
	return rest
}

// ask calls next; its panic is an error of these keys alone.
func (t *through[V]) ask(ctx context.Context, keys []string) (values map[string]V, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Error{Kind: fault.Internal, Service: t.kind.Service, Err: fmt.Errorf("panic in a load: %v\n%s", v, debug.Stack())}
		}
	}()
	return t.next(ctx, keys)
}

func (t *through[V]) land(keys []string, flying map[string]*flight[V]) {
	t.flights.mu.Lock()
	for _, key := range keys {
		if t.flights.now[key] == flying[key] {
			delete(t.flights.now, key)
		}
	}
	t.flights.mu.Unlock()
	for _, key := range keys {
		close(flying[key].done)
	}
}

// later is the entry that was given later; nil counts as never.
func later(a, b *Entry) *Entry {
	if a == nil || (b != nil && b.Answered.After(a.Answered)) {
		return b
	}
	return a
}
