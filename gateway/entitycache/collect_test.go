package entitycache_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/gateway/entitycache/redistest"
)

func TestMetrics_Memory(t *testing.T) {
	cfg := defaults()
	cfg.MemoryMB = 1
	src := newSource(strings.Repeat("x", 10<<10))
	g := newGateway(t, cfg, src)
	if n := g.figure(t, "cache_entries", "memory"); n != 0 {
		t.Errorf("it holds %v entries before it was used", n)
	}
	for n := range 200 {
		_, _, _ = g.get(t.Context(), fmt.Sprint("k", n))
	}
	eventually(t, "some entries are evicted", func() bool { return g.figure(t, "cache_evictions_total", "memory") > 80 })
	eventually(t, "it is about full", func() bool {
		bytes, entries := g.figure(t, "cache_bytes", "memory"), g.figure(t, "cache_entries", "memory")
		return bytes > 1<<19 && bytes <= 1<<20 && entries > 60 && entries < 110
	})
}

func TestMetrics_Redis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	g := onRedis(t, server.URL(), newSource("first"))
	wantUsed(t, g, server)
	eventually(t, "it is up, over a connection", func() bool {
		return g.figure(t, "cache_redis_up") == 1 && g.figure(t, "cache_redis_connections", "idle") > 0
	})
	server.Kill()
	errors := g.figure(t, "cache_errors_total")
	g.want(t, "a", "first")
	eventually(t, "it is down", func() bool { return g.figure(t, "cache_redis_up") == 0 })
	if n := g.figure(t, "cache_errors_total") - errors; n == 0 {
		t.Error("no error was counted")
	}
}
