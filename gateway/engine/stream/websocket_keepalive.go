package stream

import (
	"context"
	"time"
)

// monitor closes a WebSocket that is not initialised in time, does not answer pings or is
// idle for too long, or when the gateway stops.
func (c *socket) monitor(ctx context.Context) {
	init := time.NewTimer(c.cfg.InitTimeout)
	defer init.Stop()
	alive := time.NewTicker(c.cfg.KeepAlive)
	defer alive.Stop()
	idle := time.NewTicker(c.cfg.Idle)
	defer idle.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.draining.Done():
			c.leave()
			c.running.Wait()
			c.close(closeGoingAway)
			return
		case <-init.C:
			if !c.isAcked() {
				c.close(closeInitTimeout)
				return
			}
		case <-alive.C:
			if !c.ping(ctx) {
				c.cancel()
				return
			}
		case now := <-idle.C:
			if c.isIdle(now) {
				c.close(closeIdle)
				return
			}
		}
	}
}

// ping reports whether the client answers a ping.
func (c *socket) ping(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.KeepAlive)
	defer cancel()
	return c.conn.Ping(ctx) == nil
}

func (c *socket) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
}

func (c *socket) isAcked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked
}

// isIdle reports whether there has been no operation for the allowed time, and if so
// prevents new ones.
func (c *socket) isIdle(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = c.leaving || (c.count == 0 && now.Sub(c.idleSince) >= c.cfg.Idle)
	return c.leaving
}
