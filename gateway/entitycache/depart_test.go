package entitycache_test

import (
	"context"
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
)

func TestLookup_RedisHangs(t *testing.T) {
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
}
