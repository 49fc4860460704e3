package cache

import (
	"context"
	"time"
)

// changedWait is how long the answer to a write waits for the shared store.
const changedWait = 100 * time.Millisecond

// Changed purges tags because of a write. When it returns, this gateway serves nothing of
// them that was loaded before. It waits for the shared store only so long as a hit in it may
// take; then the purge goes on in the background. Failures of the store are counted. The
// session of ctx has seen the purge.
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
	wait := time.NewTimer(changedWait)
	defer wait.Stop()
	select {
	case err := <-done:
		return err == nil
	case <-wait.C:
	case <-ctx.Done():
	}
	return false
}
