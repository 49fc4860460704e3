package execute

import (
	"context"
	"sync"
	"sync/atomic"

	"tributary/gateway/batch"
)

// A relay runs the steps 0…n-1 one after the other. When a step is about to wait
// for something that it has begun itself, another runner takes up what is left.
type relay struct {
	step   func(ctx context.Context, i int)
	ctx    context.Context
	outer  *relay // whose step this one is part of
	n      int64
	next   atomic.Int64
	others sync.WaitGroup // runners besides the first
}

// run runs all steps and returns when they are done.
func run(ctx context.Context, n int, step func(ctx context.Context, i int)) {
	outer, _ := batch.WaiterOf(ctx).(*relay)
	r := &relay{step: step, outer: outer, n: int64(n)}
	r.ctx = batch.WithWaiter(ctx, r)
	r.work()
	r.others.Wait()
}

func (r *relay) work() {
	for {
		i := r.next.Add(1) - 1
		if i >= r.n {
			return
		}
		r.step(r.ctx, int(i))
	}
}

// WillWait lets another runner go on with what is left: here or, where nothing is,
// of what this relay is a step of. It is called by a step, so that the relays
// around it have not ended.
func (r *relay) WillWait() {
	for ; r != nil; r = r.outer {
		if r.next.Load() < r.n {
			r.others.Go(r.work)
			return
		}
	}
}
