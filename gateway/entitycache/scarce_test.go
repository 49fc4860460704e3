//go:build unix

package entitycache_test

import (
	"syscall"
	"testing"
	"time"
)

// While this process can open no sockets, Redis cannot be reached, but has not failed: it is
// not reported, and nothing is dropped from memory.
func TestRedis_WithoutDescriptors(t *testing.T) {
	g := onProxiedRedis(t)

	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 3
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	g.proxy.Cut() // so that connections must be made
	g.proxy.Restore()
	g.want(t, "a", "first")
	time.Sleep(1500 * time.Millisecond) // three probes
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}

	g.src.says("second")
	eventually(t, "it is used again", func() bool { return g.Ping(t.Context()) == nil && g.figure(t, "cache_redis_subscribed") == 1 })
	if found := g.log.lines("redis failed"); len(found) > 0 {
		t.Errorf("Redis was blamed: %s", found[0])
	}
	g.want(t, "a", "first")
}
