package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"tributary/gateway/cache"
	"tributary/gateway/cache/redistest"
)

// store is what both tiers have in common.
type store interface {
	Get(ctx context.Context, keys []string) (map[string]*cache.Entry, error)
	Set(ctx context.Context, entries map[string]*cache.Entry) error
	Delete(ctx context.Context, keys []string) error
}

// stores runs body for each tier.
func stores(t *testing.T, body func(t *subtest, s store)) {
	t.Helper()
	t.Parallel()
	for name, tier := range map[string]func(testing.TB) store{
		"memory": func(tb testing.TB) store {
			tb.Helper()
			s, err := cache.NewMemory(16 << 20)
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(s.Close)
			return s
		},
		"miniredis":    func(tb testing.TB) store { tb.Helper(); return newRedis(tb, "redis://"+miniredis.RunT(tb).Addr()) },
		"redis-server": func(tb testing.TB) store { tb.Helper(); return newRedis(tb, redistest.Start(tb).URL()) },
		"cluster":      func(tb testing.TB) store { tb.Helper(); return newRedis(tb, redistest.StartCluster(tb).URL()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body(&subtest{t}, tier(t))
		})
	}
}

func newRedis(t testing.TB, url string) *cache.Redis {
	t.Helper()
	s, err := cache.NewRedis(url, quiet(), func([]uint32) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func entry(age, keep time.Duration, body string) *cache.Entry {
	return &cache.Entry{Answered: time.Now().Add(-age), Keep: keep, Body: []byte(body)}
}

// put stores entries, and retries while Redis is slow.
func put(t testing.TB, s store, entries map[string]*cache.Entry) {
	t.Helper()
	putAs[item](t, s, entries)
}

// putAs stores entries with bodies of type V.
func putAs[V any](t testing.TB, s store, entries map[string]*cache.Entry) {
	t.Helper()
	eventually(t, "the store takes entries", func() bool {
		for key, e := range entries {
			if r, ok := s.(*cache.Redis); ok && !cache.Stamp[V](r, key, e) {
				return false
			}
		}
		return s.Set(t.Context(), entries) == nil
	})
}

// look gets keys, and retries likewise.
func look(t testing.TB, s store, keys ...string) (found map[string]*cache.Entry) {
	t.Helper()
	eventually(t, "the store answers", func() bool {
		var err error
		found, err = s.Get(t.Context(), keys)
		return err == nil
	})
	return found
}

func TestAStoreGivesWhatItWasGiven(t *testing.T) {
	stores(t, func(t *subtest, s store) {
		everyByte := make([]byte, 256)
		for i := range everyByte {
			everyByte[i] = byte(i)
		}
		put(t, s, map[string]*cache.Entry{
			"author:1":      entry(0, time.Minute, `{"id":"1"}`),
			"author:\x00 ü": entry(0, time.Minute, string(everyByte)),
			"author:none":   {Answered: time.Now(), Keep: time.Minute, Absent: true},
			"author:big":    entry(0, time.Minute, string(bytes.Repeat([]byte("x"), 1<<20))),
		})
		found := look(t, s, "author:1", "author:\x00 ü", "author:none", "author:big", "author:never")
		for key, want := range map[string]string{"author:1": `{"id":"1"}`, "author:\x00 ü": string(everyByte), "author:none": ""} {
			if e := found[key]; e == nil || string(e.Body) != want || e.Absent != (key == "author:none") {
				t.Errorf("%q: got %+v, want the body %q", key, e, want)
			}
		}
		if e := found["author:big"]; e == nil || len(e.Body) != 1<<20 {
			t.Error("the big one is not what it was")
		}
		if len(found) != 4 {
			t.Errorf("found %d of 4", len(found))
		}
	})
}

func TestAnEntryIsAsOldInTheStoreAsItWas(t *testing.T) {
	stores(t, func(t *subtest, s store) {
		put(t, s, map[string]*cache.Entry{"author:1": entry(20*time.Second, time.Minute, "{}")})
		e := look(t, s, "author:1")["author:1"]
		if e == nil {
			t.Fatal("it is not there")
		}
		if age := e.Age(time.Now()); age < 20*time.Second || age > 25*time.Second {
			t.Errorf("it is %v old, want 20s and a little", age)
		}
		if left := e.Keep - e.Age(time.Now()); left > 40*time.Second || left < 35*time.Second {
			t.Errorf("it may be used for %v, want 40s", left)
		}
	})
}

func TestWhatHasNoTimeLeftIsNotKept(t *testing.T) {
	stores(t, func(t *subtest, s store) {
		put(t, s, map[string]*cache.Entry{
			"author:over":  entry(time.Minute, time.Minute, "{}"),
			"author:never": entry(0, 0, "{}"),
			"author:soon":  entry(time.Minute, time.Minute+300*time.Millisecond, "{}"),
		})
		found := look(t, s, "author:over", "author:never")
		if len(found) > 0 {
			t.Errorf("found %v", found)
		}
		eventually(t, "the third goes when its time is over", func() bool { return len(look(t, s, "author:soon")) == 0 })
	})
}

func TestWhatIsDeletedIsGone(t *testing.T) {
	stores(t, func(t *subtest, s store) {
		put(t, s, map[string]*cache.Entry{"author:1": entry(0, time.Minute, "1"), "author:2": entry(0, time.Minute, "2")})
		if err := s.Delete(t.Context(), []string{"author:1", "author:never"}); err != nil {
			t.Fatal(err)
		}
		if found := look(t, s, "author:1", "author:2"); len(found) != 1 || found["author:2"] == nil {
			t.Errorf("found %v", found)
		}
	})
}

func TestManyKeysTravelTogether(t *testing.T) {
	stores(t, func(t *subtest, s store) {
		entries := map[string]*cache.Entry{}
		var keys []string
		for i := range 500 {
			key := fmt.Sprint("book:", i)
			keys = append(keys, key)
			entries[key] = entry(0, time.Minute, key)
		}
		put(t, s, entries)
		found := look(t, s, keys...)
		for _, key := range keys {
			if e := found[key]; e == nil || string(e.Body) != key {
				t.Fatalf("%s: %v", key, e)
			}
		}
	})
}

func TestMemoryKeepsWhatWasGivenLater(t *testing.T) {
	s, err := cache.NewMemory(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, map[string]*cache.Entry{"author:1": entry(0, time.Minute, "new")})
	put(t, s, map[string]*cache.Entry{"author:1": entry(time.Second, time.Minute, "old")})
	if e := look(t, s, "author:1")["author:1"]; string(e.Body) != "new" {
		t.Errorf("got the %s one", e.Body)
	}
}

func TestMemoryIsBoundedInBytes(t *testing.T) {
	const limit = 1 << 20
	s, err := cache.NewMemory(limit)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body := string(make([]byte, 10<<10))
	var keys []string
	for i := range 1000 {
		keys = append(keys, fmt.Sprint("book:", i))
		put(t, s, map[string]*cache.Entry{keys[i]: entry(0, time.Minute, body)})
	}
	eventually(t, "it holds no more than it may", func() bool { return len(look(t, s, keys...))*len(body) <= limit })
	if len(look(t, s, keys...)) == 0 {
		t.Error("it holds nothing")
	}
}
