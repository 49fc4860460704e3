package entitycache

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// This file is the miss of a key, from top to bottom. A caller comes with the keys that are
// not fresh in memory, and for each of them it joins the load in flight or starts one. The
// loads that a caller starts are one batch, so that they share the lookup and the call.
//
//	joinOrStart ──(in flight)──────────────────────────────────────┐
//	    │ start                                                    │
//	lookUp       memory, Redis ──(fresh)──▶ complete               │
//	    │ not fresh; what is found is the stale entry              │
//	run          in the background, for all callers                │
//	    │                                                          │
//	loadWithLease ──(another gateway loads it)──▶ waitForPeers     │
//	    │ this gateway has the lease               │ not found     │ found
//	loadFromUpstream ◀─────────────────────────────┘               │ ▼
//	    │ callUpstream, resultFor, store                           │ complete
//	complete     removes the load, wakes its callers               │
//	    │                                                          │
//	wait ◀─────────────────────────────────────────────────────────┘
//	    ├─ completed: the entry; after a failure, the stale entry or the error
//	    ├─ soft timeout: the stale entry; the load goes on for later callers
//	    └─ context ended: its error; the last caller that leaves cancels the call

// load is the load of one key, in flight or completed, as part of a batch.
type load struct {
	lookup

	batch *batchLoad
	epoch epoch // when it started

	// Read-only once batch.storesRead is true.
	staleEntry *Entry // the entry to serve if the load fails or is slow; nil if there is none

	// Read-only once done is true.
	entry          *Entry // nil if err is not nil
	calledUpstream bool
	err            error
	done           atomic.Bool
}

// batchLoad is the loads that one caller started together.
type batchLoad struct {
	waiters

	started    time.Time
	refresh    bool                // entries that need a refresh do not satisfy it
	bypass     bool                // no entry satisfies it
	storesRead atomic.Bool         // the stale entries are set
	parentSpan tracing.SpanContext // the span that started it
}

// joinOrStart returns a load for each of wanted, for which the caller counts as a waiter:
// loads in flight, and for the other keys those of a new batch. The latter are in mine as
// well, and the caller must call lookUp with them. A caller that bypasses the cache joins no
// load, as that may have started before the purge that its client has seen.
func (t *readThrough[V]) joinOrStart(ctx context.Context, wanted []lookup, bypass bool) (loads, mine []*load) {
	var joined []tracing.SpanContext
	span := tracing.Current(ctx)
	defer func() { traceShared(span, joined) }()
	t.mu.Lock()
	defer t.mu.Unlock()
	loads, rest := make([]*load, 0, len(wanted)), wanted[:0]
	for _, w := range wanted {
		if l := t.inFlight[w.loadKey]; l != nil && !bypass && l.epoch.generation == t.cache.generations.Of(w.name) && l.batch.add(ctx) {
			loads = append(loads, l)
			t.cache.metrics.coalesced.Inc()
			joined = append(joined, l.batch.parentSpan)
			continue
		}
		rest = append(rest, w)
	}
	mine = t.start(ctx, rest, isRefresh(ctx), bypass)
	return append(loads, mine...), mine
}

// start makes a batch with a load and one waiter for each of wanted, which others can join
// from now on. The caller holds mu.
func (t *readThrough[V]) start(ctx context.Context, wanted []lookup, refresh, bypass bool) []*load {
	if len(wanted) == 0 {
		return nil
	}
	b := &batchLoad{started: time.Now(), refresh: refresh, bypass: bypass, parentSpan: tracing.Current(ctx).SpanContext()}
	if refresh {
		ctx = context.WithoutCancel(ctx) // its deadline does not limit a refresh
	}
	b.init(ctx, len(wanted))
	loads, backing := make([]*load, len(wanted)), make([]load, len(wanted))
	for i, w := range wanted {
		l := &backing[i]
		l.lookup, l.batch, l.epoch = w, b, t.cache.epochOf(w.name)
		loads[i] = l
		t.inFlight[w.loadKey] = l
	}
	return loads
}

// lookUp completes the loads of a new batch whose entries are fresh in a store, and runs the
// rest in the background. It reads the stores on the caller's goroutine and within its
// deadline: a hit in Redis needs no goroutine and no detached context. docs/performance.md
// has what that is worth.
func (t *readThrough[V]) lookUp(ctx context.Context, loads []*load) {
	if len(loads) == 0 {
		return
	}
	b := loads[0].batch
	rest := t.lookUpStores(ctx, b, loads)
	b.storesRead.Store(true)
	if len(rest) == 0 {
		return
	}
	// The call belongs to all callers that wait for it, so it has the values of the first
	// caller's context, but not its deadline or cancellation.
	ctx, cancel := t.cache.detached(report.TrackUses(ctx))
	b.cancel = cancel
	if slices.ContainsFunc(rest, func(l *load) bool { return l.staleEntry != nil }) {
		b.broadcast() // from now on the soft timeout counts
	}
	t.cache.background.Go(func() {
		defer cancel(nil)
		t.loadWithLease(ctx, b, rest)
	})
}

// lookUpStores completes the loads whose entries are fresh in memory, because another batch
// has just loaded them, or in Redis. It returns the rest, with their stale entries set.
func (t *readThrough[V]) lookUpStores(ctx context.Context, b *batchLoad, loads []*load) (rest []*load) {
	now := time.Now()
	rest = t.completeFound(b, loads, func(l *load) *Entry {
		l.staleEntry = t.decodable(t.cache.inMemory(l.name, now))
		return l.staleEntry
	})
	if t.cache.redis == nil || b.bypass || len(rest) == 0 {
		return rest
	}
	asked := len(rest)
	found := t.cache.getRedis(ctx, names(rest))
	rest = t.completeFound(b, rest, func(l *load) *Entry {
		l.staleEntry = newer(t.fromRedis(l, found), l.staleEntry)
		return l.staleEntry
	})
	t.cache.metrics.countLookup(tierRedis, asked-len(rest), len(rest))
	return rest
}

// completeFound completes the loads for which find returns a fresh entry, and returns the
// rest.
func (t *readThrough[V]) completeFound(b *batchLoad, loads []*load, find func(*load) *Entry) (rest []*load) {
	now := time.Now()
	var found []*load
	for _, l := range loads {
		e := find(l)
		if e == nil || b.bypass || !t.policy.fresh(e, now) || (b.refresh && t.policy.needsRefresh(e, now)) {
			continue
		}
		l.entry = e
		t.cache.storeInMemory(l.name, e)
		found = append(found, l)
	}
	if len(found) == 0 {
		return loads
	}
	for _, l := range loads {
		if l.entry == nil {
			rest = append(rest, l)
		}
	}
	t.complete(b, found)
	return rest
}

// How long a load waits for that of another gateway, and how often it looks for its result.
const (
	peerWait = 500 * time.Millisecond
	peerPoll = 10 * time.Millisecond
)

// loadWithLease loads keys that are not fresh in the stores. It takes their leases in Redis
// and calls the upstream for them; for keys whose leases other gateways hold, it waits for
// their entries.
func (t *readThrough[V]) loadWithLease(ctx context.Context, b *batchLoad, loads []*load) {
	redis := t.cache.redis
	if redis == nil || b.bypass || t.policy.ttl == 0 { // then no entry in Redis is ever fresh
		t.loadFromUpstream(ctx, b, loads)
		return
	}
	held, err := redis.Lease(ctx, names(loads))
	t.cache.countError("lease", err)
	var mine, theirs []*load
	for _, l := range loads {
		if held[l.name] {
			theirs = append(theirs, l)
		} else {
			mine = append(mine, l)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { t.waitForPeers(ctx, b, theirs) })
	if len(mine) > 0 {
		renewing, done := context.WithCancel(ctx)
		both.Go(func() { redis.RenewLeases(renewing, names(mine)) })
		t.loadFromUpstream(ctx, b, mine)
		done()
	}
	both.Wait()
}

// waitForPeers waits for other gateways to load the keys of loads, and loads those from the
// upstream that they do not.
func (t *readThrough[V]) waitForPeers(ctx context.Context, b *batchLoad, loads []*load) {
	deadline := time.Now().Add(peerWait)
	for len(loads) > 0 && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
		case <-time.After(peerPoll):
		}
		// Leases are read before entries: if a load ends between the two, its entry is found.
		held, err := t.cache.redis.Leased(ctx, names(loads))
		t.cache.countError("lease", err)
		found := t.cache.getRedis(ctx, names(loads))
		rest := t.completeFound(b, loads, func(l *load) *Entry { return newer(t.fromRedis(l, found), l.staleEntry) })
		t.cache.metrics.loadedByPeer.Add(float64(len(loads) - len(rest)))
		loads = rest
		if len(held) == 0 {
			break
		}
	}
	if len(loads) > 0 {
		t.loadFromUpstream(ctx, b, loads)
	}
}

var errDeadlineTooClose = errors.New("the deadline is too close for a load")

// loadFromUpstream calls the upstream for the keys of loads, stores the results, and
// completes the loads.
func (t *readThrough[V]) loadFromUpstream(ctx context.Context, b *batchLoad, loads []*load) {
	// The call is pointless if all callers leave before it can end.
	call := b.hasTimeLeft(t.cache.cfg.LeastTime)
	var values map[string]V
	var err error = fault.New(fault.Timeout, t.kind.Service, errDeadlineTooClose)
	if call {
		values, err = t.callUpstream(ctx, loads)
	}
	now := time.Now()
	for _, l := range loads {
		l.entry, l.err = t.resultFor(ctx, l, values, err, now)
		l.calledUpstream = call && fault.Reached(l.err)
	}
	t.cache.applyRefusals(loads, now)
	if ctx.Err() == nil { // results of a cancelled call are not stored
		t.cache.store(loads)
	}
	t.complete(b, loads)
}

// callUpstream calls the upstream. A panic fails only the keys of this call.
func (t *readThrough[V]) callUpstream(ctx context.Context, loads []*load) (values map[string]V, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.Recovered(t.kind.Service, v)
		}
	}()
	ids := make([]string, len(loads))
	for i, l := range loads {
		ids[i] = l.id
	}
	return t.upstream(ctx, ids)
}

// resultFor returns the result of a call, which ended at now, for one of its loads.
func (t *readThrough[V]) resultFor(ctx context.Context, l *load, values map[string]V, err error, now time.Time) (*Entry, error) {
	if v, ok := values[l.id]; ok {
		return t.newEntry(l, v, now)
	}
	err = batch.ErrorOf(err, l.id)
	// A page that says "not found" counts as a failure, as it may be a proxy's, unless
	// nothing is known of the key.
	page := errors.Is(err, fault.ErrNotFoundPage) && !t.policy.usableStale(l.staleEntry, now)
	if err != nil && !page {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Another gateway may know the key, and so it is not told what a page says.
	e := newNotFound(l.epoch, now, t.policy.notFoundTTL)
	e.local = page
	return e, nil
}

// complete takes loads of a batch out of flight and wakes those that wait for them.
func (t *readThrough[V]) complete(b *batchLoad, loads []*load) {
	t.mu.Lock()
	for _, l := range loads {
		if t.inFlight[l.loadKey] == l {
			delete(t.inFlight, l.loadKey)
		}
	}
	t.mu.Unlock()
	for _, l := range loads {
		if b.refresh {
			t.cache.metrics.refreshed(l.err)
		}
		l.done.Store(true)
	}
	b.broadcast()
}

// wait waits for a load, until it is completed, the soft timeout passes, or ctx ends. It
// returns the entry to serve, which is the stale one if the load fails or is slow and it may
// be served, unless the caller bypasses the cache.
func (t *readThrough[V]) wait(ctx context.Context, l *load, bypass bool) (*Entry, error) {
	var softTimeout <-chan time.Time
	unarmed := t.policy.softTimeout > 0 && !bypass
	for !l.done.Load() {
		changed := l.batch.changes()
		if unarmed && l.batch.storesRead.Load() {
			unarmed = false
			if t.servesSlow(l, time.Now()) {
				softTimeout = time.After(t.policy.softTimeout - time.Since(l.batch.started))
			}
		}
		if l.done.Load() {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			l.batch.remove(ctx.Err())
			return nil, context.Cause(ctx)
		case now := <-softTimeout:
			if l.done.Load() { // while another load was waited for
				continue
			}
			// The caller still counts as a waiter, so the load continues for later ones.
			t.recordStale(ctx, l, now, true)
			return l.staleEntry, nil
		}
	}
	l.batch.remove(nil)
	return t.result(ctx, l, bypass)
}

// result returns the entry of a completed load. If it failed, that is the stale entry, if
// one may be served.
func (t *readThrough[V]) result(ctx context.Context, l *load, bypass bool) (*Entry, error) {
	now := time.Now()
	if l.err == nil {
		t.recordUse(ctx, l.name, l.entry, now, l.calledUpstream)
		return l.entry, nil
	}
	if !bypass && t.servesFailed(l, now) {
		t.recordStale(ctx, l, now, l.calledUpstream)
		return l.staleEntry, nil
	}
	if l.calledUpstream {
		report.From(ctx).UpstreamCalled()
	}
	return nil, l.err
}

// servesFailed reports whether the stale entry of a load that failed may be served. If the
// upstream refused, it may only while it is still fresh, as in a refresh.
func (t *readThrough[V]) servesFailed(l *load, now time.Time) bool {
	return t.policy.usableStale(l.staleEntry, now) && (!fault.Refused(l.err) || t.policy.fresh(l.staleEntry, now))
}

// servesSlow reports whether the stale entry of a load may be served because the upstream is
// slow. It may not if the upstream refused the last load.
func (t *readThrough[V]) servesSlow(l *load, now time.Time) bool {
	return t.policy.usableStale(l.staleEntry, now) && !l.staleEntry.refused.Load()
}

func names(loads []*load) []string {
	names := make([]string, len(loads))
	for i, l := range loads {
		names[i] = l.name
	}
	return names
}
