package lookahead

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// run is one operation's walk. Its fields but the queue belong to whoever
// drains the queue: visits never run side by side, and never wait.
type run struct {
	ctx  context.Context
	plan *Plan

	seen    map[visited]struct{}
	open    []int // by loader: loads under way that may still name keys for it
	waiting mask  // loaders that hold keys which have not been sent

	mu       sync.Mutex
	queue    []func()
	draining bool
}

// visited marks a load that a field has begun: it is followed once, though
// both the stub and the value of its parent name it.
type visited struct {
	n   *node
	j   *Join
	key string
}

// do runs f after all that was given to do before, here or on the goroutine
// that is at it already, and then sends the batches that are complete.
func (r *run) do(f func()) {
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

// drain empties the queue. It may run on a goroutine of a loader, where nobody
// else would recover what a join's function panics with.
func (r *run) drain() {
	defer func() {
		if v := recover(); v != nil {
			r.sendAll()
			_ = graphql.GetOperationContext(r.ctx).Recover(r.ctx, v) // tells the server; no field has failed
		}
	}()
	for f := r.next(); f != nil; f = r.next() {
		f()
	}
}

// next takes the first of the queue; when that is empty it flushes, and gives
// nil if nothing came meanwhile.
func (r *run) next() func() {
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

func (r *run) flush() {
	r.waiting.each(func(i int) {
		if r.open[i] == 0 {
			r.waiting &^= 1 << i
			r.plan.loaders[i].Flush(r.ctx)
		}
	})
}

// sendAll sends what was begun when the walk ends by a panic: it is left
// draining for good, so that nothing that arrives later goes on with it.
func (r *run) sendAll() {
	r.waiting.each(func(i int) { r.plan.loaders[i].Flush(r.ctx) })
}

// visitAll visits nodes under a parent and tells the loaders that they could not reach yet.
func (r *run) visitAll(nodes []*node, parent any) (open mask) {
	for _, n := range nodes {
		open |= n.join.visit(r, n, parent, n.below, func(child any) mask {
			return r.visitAll(n.children, child)
		})
	}
	return open
}

func (r *run) first(n *node, j *Join, key string) bool {
	v := visited{n, j, key}
	if _, ok := r.seen[v]; ok {
		return false
	}
	r.seen[v] = struct{}{}
	return true
}

// begin notes a key given to l, whose value may name keys for the loaders in open.
func (r *run) begin(l loader, open mask) {
	r.waiting |= r.plan.bit(l)
	open.each(func(i int) { r.open[i]++ })
}

// end notes that a value has named all it names.
func (r *run) end(open mask) {
	open.each(func(i int) { r.open[i]-- })
}
