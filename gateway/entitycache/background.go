package entitycache

import (
	"context"
	"errors"
	"sync"

	"tributary/gateway/fault"
)

// taskGroup is a group of background goroutines that can be closed.
type taskGroup struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// Go runs f on a new goroutine. After close it still runs f, because a caller waits for the
// result, but close does not wait for it: a load that is started so late finds its context
// cancelled.
func (g *taskGroup) Go(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		go f()
		return
	}
	g.group.Go(f)
}

// close waits for all goroutines that were started before.
func (g *taskGroup) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.group.Wait()
}

// detached returns a context for work that outlives its request. It has the values of
// ctx, but ends by its own timeout, by the cancel function, or with the cache.
func (c *Cache) detached(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.loadTimeout())
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(c.ctx, end)
	return ctx, func(why error) { unhook(); cancel(why); end() }
}

// reportPanic logs and counts a panic in a load that no request waits for.
func (c *Cache) reportPanic(ctx context.Context, err error) {
	if p, ok := errors.AsType[*fault.Panic](err); ok && p.First() {
		c.metrics.panics.Inc()
		c.log.ErrorContext(ctx, "panic", "panic", p.Value, "stack", string(p.Stack))
	}
}
