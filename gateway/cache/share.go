package cache

import (
	"context"
	"sync"
	"time"
)

// fromAnyone loads what the shared store has not: from next what no other
// gateway is loading just now, from the shared store what another brings.
func (t *through[V]) fromAnyone(ctx context.Context, tr *trip, flights []*flight) {
	shared := t.cache.shared
	if shared == nil || t.policy.ttl == 0 { // then nothing is brought that is of use
		t.fromNext(ctx, tr, flights)
		return
	}
	held, err := shared.lease(ctx, names(flights))
	t.cache.countError("lease", err)
	var mine, theirs []*flight
	for _, f := range flights {
		if held[f.name] {
			theirs = append(theirs, f)
		} else {
			mine = append(mine, f)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { t.fromOthers(ctx, tr, theirs) })
	if len(mine) > 0 {
		renewing, done := context.WithCancel(ctx)
		both.Go(func() { shared.renew(renewing, names(mine)) })
		t.fromNext(ctx, tr, mine)
		done()
	}
	both.Wait()
}

// fromOthers lands flights with what other gateways bring, and from next when
// they do not.
func (t *through[V]) fromOthers(ctx context.Context, tr *trip, flights []*flight) {
	deadline := time.Now().Add(leaseWait)
	for len(flights) > 0 && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
		case <-time.After(leaseLook):
		}
		// Who holds a lease is asked first: should it bring the entry and its
		// lease end in between, the entry is there.
		held, err := t.cache.shared.held(ctx, names(flights))
		t.cache.countError("lease", err)
		found := t.cache.lookShared(ctx, names(flights))
		rest := t.landFound(tr, flights, func(f *flight) *Entry { return t.sound(found[f.name], f.name) })
		t.cache.metrics.borrowed.Add(float64(len(flights) - len(rest)))
		flights = rest
		if len(held) == 0 {
			break
		}
	}
	if len(flights) > 0 {
		t.fromNext(ctx, tr, flights)
	}
}

func names(flights []*flight) []string {
	names := make([]string, len(flights))
	for i, f := range flights {
		names[i] = f.name
	}
	return names
}
