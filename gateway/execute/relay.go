package execute

import (
	"context"
	"sync"
	"sync/atomic"

	"tributary/gateway/batch"
)

// A relay runs the steps 0…n-1 one after the other. When a step is about to wait for a
// load that it has started, another goroutine takes over the remaining steps.
type relay struct {
	step   func(ctx context.Context, i int)
	ctx    context.Context
	outer  *relay // the relay in whose step this one runs; nil for the outermost
	n      int64
	next   atomic.Int64
	others sync.WaitGroup // goroutines besides the first
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

// WillWait starts a goroutine for the remaining steps of the relay or, if there are none,
// of the innermost enclosing one that has some. It is called from within a step, so the
// enclosing relays are still running.
func (r *relay) WillWait() {
	for ; r != nil; r = r.outer {
		if r.next.Load() < r.n {
			r.others.Go(r.work)
			return
		}
	}
}
