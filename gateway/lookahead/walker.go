package lookahead

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// walker is the walk of one operation. All visits run on the goroutine that currently
// drains the queue, so they are serialized and need no lock; they never block.
type walker struct {
	ctx  context.Context
	plan *Plan

	seen    map[visited]struct{}
	open    []int // by loader: loads in flight that may still produce keys for it
	waiting set   // loaders with keys that have not been sent
	visits  int
	over    bool // ctx has ended

	mu       sync.Mutex
	queue    []func()
	draining bool
}

// visited identifies a load that a field has started. It is followed once, although
// both the stub and the value of its parent yield its key.
type visited struct {
	n   *node
	j   *Join
	key string
}

// enqueue queues f. If no goroutine is draining the queue, the caller drains it and then
// sends the batches that are complete.
func (r *walker) enqueue(f func()) {
	r.mu.Lock()
	r.queue = append(r.queue, f)
	if r.draining {
		r.mu.Unlock()
		return
	}
	r.draining = true
	r.mu.Unlock()
	r.drain()
}

// drain empties the queue. It may run on a goroutine of a loader, where a panic in a
// join's function would otherwise end the process.
func (r *walker) drain() {
	defer func() {
		if v := recover(); v != nil {
			r.sendAll()
			_ = graphql.GetOperationContext(r.ctx).Recover(r.ctx, v) // reports to the server; no field has failed
		}
	}()
	for f := r.next(); f != nil; f = r.next() {
		f()
	}
}

// next removes and returns the head of the queue. If the queue is empty it flushes the
// complete batches, and returns nil if that has queued nothing.
func (r *walker) next() func() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		r.mu.Unlock()
		r.flush()
		r.mu.Lock()
	}
	if len(r.queue) == 0 {
		r.draining = false
		return nil
	}
	f := r.queue[0]
	r.queue = r.queue[1:]
	return f
}

func (r *walker) flush() {
	waiting := r.waiting
	r.waiting = set{}
	waiting.each(func(i int) {
		if r.open[i] == 0 {
			r.plan.loaders[i].Flush(r.ctx)
			return
		}
		r.waiting = r.waiting.with(i)
	})
}

// sendAll sends the keys collected so far when the walk ends by a panic. draining
// stays set, so values that arrive later do not resume the walk.
func (r *walker) sendAll() {
	r.waiting.each(func(i int) { r.plan.loaders[i].Flush(r.ctx) })
}

// checkedVisits is the number of visits between two checks of the context.
const checkedVisits = 64

// ended reports whether the operation has ended, so that nothing needs to be loaded. Lists
// in responses of services may be long.
func (r *walker) ended() bool {
	r.visits++
	if r.visits%checkedVisits == 0 {
		r.over = r.over || r.ctx.Err() != nil
	}
	return r.over
}

// visitAll visits nodes under a parent and returns the loaders that they could not reach yet.
func (r *walker) visitAll(nodes []*node, parent any) (open set) {
	if r.ended() {
		return set{}
	}
	for _, n := range nodes {
		open = open.union(n.join.prefetch(r, n, parent, n.below, func(child any) set {
			return r.visitAll(n.children, child)
		}))
	}
	return open
}

func (r *walker) firstVisit(n *node, j *Join, key string) bool {
	v := visited{n, j, key}
	if _, ok := r.seen[v]; ok {
		return false
	}
	r.seen[v] = struct{}{}
	return true
}

// begin records that l was given a key whose value may produce keys for the loaders in
// open.
func (r *walker) begin(l loader, open set) {
	r.waiting = r.waiting.union(r.plan.set(l))
	open.each(func(i int) { r.open[i]++ })
}

// end undoes begin: the value has produced all of its keys.
func (r *walker) end(open set) {
	open.each(func(i int) { r.open[i]-- })
}
