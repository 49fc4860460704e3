package entitycache_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"tributary/gateway/entitycache/redisstore"
	"tributary/gateway/entitycache/redistest"
)

func BenchmarkHitInMemory(b *testing.B) {
	g := newGateway(b, defaults(), newSource("first"))
	g.want(b, "a", "first")
	b.ReportAllocs()
	for b.Loop() {
		_, _, _ = g.get(b.Context(), "a")
	}
}

// After the first request a key is in memory, so each is requested once.
func BenchmarkHitInRedis(b *testing.B) {
	const keys = 2000
	server := redistest.Start(b)
	entries := map[string]*redisstore.Record{}
	for n := range keys {
		entries[fmt.Sprint("item:", n)] = record(0, time.Hour, `{"id":"a","text":"first"}`)
	}
	put(b, newRedis(b, server.URL()), entries)
	src := newSource("first")
	var g *gateway
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%keys == 0 {
			b.StopTimer()
			g = onRedis(b, server.URL(), src)
			_, _, _ = g.get(b.Context(), "to connect")
			b.StartTimer()
		}
		_, _, _ = g.get(b.Context(), fmt.Sprint(n%keys))
	}
	if src.count("7") > 0 {
		b.Error("the upstream was asked")
	}
}

func BenchmarkMiss(b *testing.B) {
	g := newGateway(b, defaults(), newSource("first"))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		_, _, _ = g.get(b.Context(), fmt.Sprint(n))
	}
}

// A hundred concurrent requests for a key that is not cached.
func BenchmarkBurst(b *testing.B) {
	src := newSource("first")
	g := newGateway(b, defaults(), src)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		key := fmt.Sprint(n)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { _, _, _ = g.get(b.Context(), key) })
		}
		all.Wait()
	}
	b.ReportMetric(float64(src.calls)/float64(n), "loads/op")
}

func TestAllocations_MemoryHit(t *testing.T) {
	const most = 8
	g := newGateway(t, defaults(), newSource("first"))
	g.want(t, "a", "first")
	if got := testing.AllocsPerRun(100, func() { _, _, _ = g.get(t.Context(), "a") }); got > most {
		t.Errorf("a hit in memory allocates %v times, want %v at most", got, most)
	}
}

// Each key is in Redis, and in memory only after it was requested. A lookup that times
// out allocates more, so the lowest of three runs counts.
func TestAllocations_RedisHit(t *testing.T) {
	const keys, most = 100, 56
	server := redistest.Start(t)
	entries := map[string]*redisstore.Record{}
	for n := range keys {
		entries[fmt.Sprint("item:", n)] = record(0, time.Hour, `{"id":"a","text":"first"}`)
	}
	put(t, newRedis(t, server.URL()), entries)
	least := math.Inf(1)
	for range 3 {
		g, n := onRedis(t, server.URL(), newSource("first")), 0
		_, _, _ = g.get(t.Context(), "to connect")
		least = min(least, testing.AllocsPerRun(keys-1, func() {
			_, _, _ = g.get(t.Context(), fmt.Sprint(n))
			n++
		}))
	}
	if least > most {
		t.Errorf("a hit in Redis allocates %v times, want %v at most", least, most)
	}
}
