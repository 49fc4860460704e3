package cache_test

import (
	"context"
	"testing"
	"time"

	"tributary/gateway/cache/redistest"
)

// A lookup that ends by its caller's deadline does not count as a failure of Redis.
func TestACallerWhoseTimeIsOverLeavesARedisThatHangs(t *testing.T) {
	server := redistest.Start(t)
	g := onRedis(t, server.URL(), newSource("first"))
	wantUsed(t, g, server)
	server.Hang()
	defer server.Continue()
	took := time.Hour
	for range 5 { // the machine may be busy: the best of five
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		start := time.Now()
		_, _, _ = g.get(ctx, "a")
		took = min(took, time.Since(start))
		cancel()
	}
	if took > 25*time.Millisecond {
		t.Errorf("it left after %v", took)
	}
	if g.figure(t, "cache_redis_up") != 1 {
		t.Error("Redis was given up for a caller who had no time")
	}
}
