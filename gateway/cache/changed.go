package cache

import (
	"context"
	"time"
)

// changedWait is how long the answer to a write waits for the shared store.
const changedWait = 100 * time.Millisecond

// Changed purges tags because of a write. When it returns, this gateway serves nothing of
// them that was loaded before. It waits for the shared store only so long as a hit in it may
// take; then the purge goes on in the background. Failures of the store are counted.
func (c *Cache) Changed(ctx context.Context, tags ...string) {
	c.forget(slotsOfTags(tags))
	if c.shared == nil {
		return
	}
	done := make(chan struct{})
	c.work.Go(func() {
		defer close(done)
		_ = c.Purge(context.WithoutCancel(ctx), tags...)
	})
	wait := time.NewTimer(changedWait)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
	case <-ctx.Done():
	}
}
