package execute

import (
	"context"
	"sync"
	"sync/atomic"

	"tributary/gateway/batch"
)

// maxHelpers is the maximum number of goroutines that the relays of one operation start.
// Beyond it, loads that the look-ahead did not start wait for one another.
const maxHelpers = 500

// A relay runs the steps 0…n-1 one after the other. When a step is about to wait for a
// load that it has started, another goroutine takes over the remaining steps.
type relay struct {
	step    func(ctx context.Context, i int)
	ctx     context.Context
	meter   *Meter // of the operation, or nil
	outer   *relay // the relay in whose step this one runs; nil for the outermost
	root    *relay // the outermost
	n       int64
	next    atomic.Int64
	others  sync.WaitGroup // goroutines besides the first
	helpers atomic.Int64   // of the outermost: the number of those of all relays within
}

// newRelay returns an outermost relay of no steps.
func newRelay() *relay {
	r := &relay{}
	r.root = r
	return r
}

// run runs all steps and returns when they are done.
func run(ctx context.Context, n int, step func(ctx context.Context, i int)) {
	r := &relay{step: step, n: int64(n), meter: MeterOf(ctx)}
	r.outer, _ = batch.WaiterOf(ctx).(*relay)
	r.root = r
	if r.outer != nil {
		r.root = r.outer.root
	}
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
			r.help()
			return
		}
	}
}

// help starts a goroutine for the remaining steps, if the operation may have one more.
func (r *relay) help() {
	if r.root.helpers.Add(1) > maxHelpers {
		r.root.helpers.Add(-1)
		return
	}
	r.others.Go(func() {
		defer r.root.helpers.Add(-1)
		r.work()
	})
}
