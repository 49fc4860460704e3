package cache

import (
	"context"
	"sync"
	"time"
)

// fromAnyone loads keys that are not in the shared store. Keys that another gateway is
// loading are awaited in the shared store, the others are loaded from next.
func (t *through[V]) fromAnyone(ctx context.Context, tr *trip, flights []*flight) {
	shared := t.cache.shared
	if shared == nil || tr.past || t.policy.ttl == 0 { // then entries in the shared store are never fresh
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

// fromOthers waits for other gateways to load the keys of flights, and loads from next
// those that they do not.
func (t *through[V]) fromOthers(ctx context.Context, tr *trip, flights []*flight) {
	deadline := time.Now().Add(leaseWait)
	for len(flights) > 0 && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
		case <-time.After(leaseLook):
		}
		// Leases are read before entries: if a load ends between the two, its
		// entry is found.
		held, err := t.cache.shared.held(ctx, names(flights))
		t.cache.countError("lease", err)
		found := t.cache.lookShared(ctx, names(flights))
		rest := t.landFound(tr, flights, func(f *flight) *Entry { return later(t.shared(f, found[f.name]), f.standIn) })
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
