package lookahead

import (
	"context"
	"sync"
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
	for len(r.queue) > 0 {
		f := r.queue[0]
		r.queue = r.queue[1:]
		r.mu.Unlock()
		f()
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.mu.Unlock()
			r.flush()
			r.mu.Lock()
		}
	}
	r.draining = false
	r.mu.Unlock()
}

func (r *run) flush() {
	(r.waiting).each(func(i int) {
		if r.open[i] == 0 {
			r.waiting &^= 1 << i
			r.plan.loaders[i].Flush(r.ctx)
		}
	})
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
func (r *run) begin(l flusher, open mask) {
	r.waiting |= r.plan.bit(l)
	open.each(func(i int) { r.open[i]++ })
}

// end notes that a value has named all it names.
func (r *run) end(open mask) {
	open.each(func(i int) { r.open[i]-- })
}
