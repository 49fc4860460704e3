package entitycache_test

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit"
)

// heap returns what is alive, in bytes.
func heap() int {
	var m runtime.MemStats
	for range 3 { // pools drop what they hold in the second one
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// tree is a value with parts of its own.
type tree struct {
	ID       string            `json:"id"`
	Branches []*tree           `json:"branches"`
	Tags     map[string]string `json:"tags"`
	Rest     [30]int           `json:"-"` // which takes memory, and no JSON
}

// What memory keeps alive is at most twice what it says, whatever the entries are.
func TestMemory_WeighsWhatItKeeps(t *testing.T) {
	const entries = 2000
	key := func(n int) string { return fmt.Sprint("key", n) }
	longKey := func(n int) string { return fmt.Sprintf("%0256d", n) }
	kinds := map[string]struct {
		key  func(int) string
		load batch.Func[string, *tree]
		each int // keys in one load
	}{
		"small":     {key, leaves(0), 1},
		"absent":    {key, absent, 1},
		"long keys": {longKey, absent, 1},
		"batches":   {key, leaves(0), 100},
		"texts":     {key, leaves(1000), 100},
		"trees": {key, each(func(key string) *tree {
			root := &tree{ID: key}
			for i := range 9 {
				root.Branches = append(root.Branches, &tree{ID: fmt.Sprint(key, "-", i)})
			}
			return root
		}), 10},
		"maps": {key, each(func(key string) *tree {
			return &tree{ID: key, Tags: map[string]string{"a": key + "a", "b": key + "b", "c": key + "c"}}
		}), 10},
	}
	for _, name := range testkit.Sample(t, slices.Sorted(maps.Keys(kinds)), 3) {
		c, server := kinds[name], redistest.Start(t)
		for _, from := range []string{"the upstream", "the upstream, with Redis", "Redis"} {
			t.Run(name+" from "+from, func(t *testing.T) {
				cfg := defaults()
				cfg.MemoryMB = 64
				if from != "the upstream" { // the second of two gateways finds what the first one wrote
					cfg.RedisURL = server.URL()
				}
				g := newGateway(t, cfg, newSource(""))
				load := entitycache.ReadThrough(g.Cache, entitycache.Kind{Name: "tree", Service: "trees"}, c.load)
				fill := func(from, to int) {
					for n := from; n < to; n += c.each {
						var keys []string
						for i := range c.each {
							keys = append(keys, c.key(n+i))
						}
						if _, err := load(t.Context(), keys); err != nil {
							t.Fatal(err)
						}
					}
				}
				fill(entries, entries+c.each)
				before, said := heap(), g.figure(t, "cache_bytes", "memory")
				fill(0, entries)
				grown, weighed := heap()-before, int(g.figure(t, "cache_bytes", "memory")-said)
				t.Logf("%d bytes are kept for an entry, %d weighed", grown/entries, weighed/entries)
				if grown > 2*weighed {
					t.Errorf("%d KiB are kept, %d KiB weighed", grown>>10, weighed>>10)
				}
				runtime.KeepAlive(g)
			})
		}
	}
}

// Purges are remembered within a fixed amount of memory, and hold all the same.
func TestPurges_AreBounded(t *testing.T) {
	const most = 5 << 20
	src := newSource("first")
	g := newGateway(t, defaults(), src)
	g.want(t, "a", "first")
	tags := make([]string, 1000)
	for i := range tags {
		tags[i] = fmt.Sprintf("item:%0100d", i)
	}
	before := heap()
	for range 200 {
		own := make([]string, len(tags))
		for i, tag := range tags {
			own[i] = strings.Clone(tag)
		}
		purge(t, g, own...)
	}
	if grown := heap() - before; grown > most {
		t.Errorf("%d KiB are kept", grown>>10)
	}
	src.says("second")
	g.want(t, "a", "first") // it was not purged
	purge(t, g, "item:a")
	g.want(t, "a", "second")
	runtime.KeepAlive(g)
}

func each(of func(key string) *tree) batch.Func[string, *tree] {
	return func(_ context.Context, keys []string) (map[string]*tree, error) {
		values := map[string]*tree{}
		for _, key := range keys {
			values[key] = of(key)
		}
		return values, nil
	}
}

func leaves(length int) batch.Func[string, *tree] {
	return each(func(key string) *tree { return &tree{ID: key + strings.Repeat("x", length)} })
}

func absent(context.Context, []string) (map[string]*tree, error) { return nil, nil }
