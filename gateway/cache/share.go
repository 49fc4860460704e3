package cache

import (
	"context"
	"sync"
	"time"
)

// fromAnyone loads what the shared store has not: from next what no other
// gateway is loading just now, from the shared store what another brings.
func (t *through[V]) fromAnyone(ctx context.Context, tr *trip, keys []string, flights map[string]*flight) {
	shared := t.cache.shared
	if shared == nil || t.policy.ttl == 0 { // then nothing is brought that is of use
		t.fromNext(ctx, tr, keys, flights)
		return
	}
	held, err := shared.lease(ctx, t.names(keys))
	t.cache.countError("lease", err)
	var mine, theirs []string
	for _, key := range keys {
		if held[t.name(key)] {
			theirs = append(theirs, key)
		} else {
			mine = append(mine, key)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { t.fromOthers(ctx, tr, theirs, flights) })
	if len(mine) > 0 {
		renewing, done := context.WithCancel(ctx)
		both.Go(func() { shared.renew(renewing, t.names(mine)) })
		t.fromNext(ctx, tr, mine, flights)
		done()
	}
	both.Wait()
}

// fromOthers lands the flights of keys with what other gateways bring, and from
// next when they do not.
func (t *through[V]) fromOthers(ctx context.Context, tr *trip, keys []string, flights map[string]*flight) {
	deadline := time.Now().Add(leaseWait)
	for len(keys) > 0 && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
		case <-time.After(leaseLook):
		}
		// Who holds a lease is asked first: should it bring the entry and its
		// lease end in between, the entry is there.
		held, err := t.cache.shared.held(ctx, t.names(keys))
		t.cache.countError("lease", err)
		rest := t.landFound(ctx, tr, keys, t.cache.lookShared(ctx, t.names(keys)), flights)
		t.cache.metrics.borrowed.Add(float64(len(keys) - len(rest)))
		keys = rest
		if len(held) == 0 {
			break
		}
	}
	if len(keys) > 0 {
		t.fromNext(ctx, tr, keys, flights)
	}
}
