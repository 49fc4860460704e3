package cache

import "context"

// Changed purges tags because of a write. When it returns, this gateway serves nothing of
// them that was loaded before. The purges of a session wait for the shared store for
// [sessionWait] at most; then they go on in the background. Failures of the store are
// counted. The session of ctx has seen the purge.
func (c *Cache) Changed(ctx context.Context, tags ...string) {
	recorded := c.changed(ctx, tags)
	SessionOf(ctx).note(c.markOf(recorded))
}

// changed reports whether the purge was recorded in the shared store in time.
func (c *Cache) changed(ctx context.Context, tags []string) (recorded bool) {
	record := c.begin(slotsOfTags(tags))
	if c.shared == nil {
		return false
	}
	done := make(chan error, 1)
	c.background.Go(func() { done <- record(context.WithoutCancel(ctx)) })
	SessionOf(ctx).wait(ctx, func(ctx context.Context) {
		select {
		case err := <-done:
			recorded = err == nil
		case <-ctx.Done():
		}
	})
	return recorded
}
