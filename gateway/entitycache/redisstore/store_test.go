package redisstore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"tributary/gateway/entitycache/redisstore"
	"tributary/gateway/entitycache/redistest"
	"tributary/internal/testkit"
)

func TestMain(m *testing.M) {
	// The Redis client checks once a second whether a server that it could not dial
	// is back, and stops up to a second after it was closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// subtest is the testing.T of a body that a helper runs in several environments.
type subtest struct{ *testing.T }

// stores runs body for each kind of Redis.
func stores(t *testing.T, body func(t *subtest, s *redisstore.Store)) {
	t.Helper()
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{
		"miniredis":    func(tb testing.TB) string { tb.Helper(); return "redis://" + miniredis.RunT(tb).Addr() },
		"redis-server": func(tb testing.TB) string { tb.Helper(); return redistest.Start(tb).URL() },
		"cluster":      func(tb testing.TB) string { tb.Helper(); return redistest.StartCluster(tb).URL() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body(&subtest{t}, newStore(t, url(t)))
		})
	}
}

func newStore(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(url, redisstore.Deps{Log: slog.New(slog.DiscardHandler), OnPurge: func([]uint32) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func record(age, usable time.Duration, body string) *redisstore.Record {
	return &redisstore.Record{FetchedAt: time.Now().Add(-age), UsableFor: usable, Body: []byte(body)}
}

// put stores records whose loads start now, and retries while Redis is slow.
func put(t testing.TB, s *redisstore.Store, records map[string]*redisstore.Record) {
	t.Helper()
	testkit.WaitFor(t, "the store takes records", func() bool {
		for name, r := range records {
			if r.Stamp = s.StampOf(name); r.Stamp == (redisstore.Stamp{}) {
				return false
			}
		}
		return s.Set(t.Context(), records) == nil
	})
}

// look gets records, and retries likewise.
func look(t testing.TB, s *redisstore.Store, names ...string) (found map[string]redisstore.Record) {
	t.Helper()
	testkit.WaitFor(t, "the store answers", func() bool {
		var err error
		found, err = s.Get(t.Context(), names)
		return err == nil
	})
	return found
}

func TestStore_RoundTrip(t *testing.T) {
	stores(t, func(t *subtest, s *redisstore.Store) {
		everyByte := make([]byte, 256)
		for i := range everyByte {
			everyByte[i] = byte(i)
		}
		put(t, s, map[string]*redisstore.Record{
			"author:1":      record(0, time.Minute, `{"id":"1"}`),
			"author:\x00 ü": record(0, time.Minute, string(everyByte)),
			"author:none":   {FetchedAt: time.Now(), UsableFor: time.Minute, NotFound: true},
			"author:big":    record(0, time.Minute, string(bytes.Repeat([]byte("x"), 1<<20))),
		})
		found := look(t, s, "author:1", "author:\x00 ü", "author:none", "author:big", "author:never")
		for key, want := range map[string]string{"author:1": `{"id":"1"}`, "author:\x00 ü": string(everyByte), "author:none": ""} {
			if e, ok := found[key]; !ok || string(e.Body) != want || e.NotFound != (key == "author:none") {
				t.Errorf("%q: got %+v, want the body %q", key, e, want)
			}
		}
		if e, ok := found["author:big"]; !ok || len(e.Body) != 1<<20 {
			t.Error("the big one is not what it was")
		}
		if len(found) != 4 {
			t.Errorf("found %d of 4", len(found))
		}
	})
}

func TestStore_Age(t *testing.T) {
	stores(t, func(t *subtest, s *redisstore.Store) {
		put(t, s, map[string]*redisstore.Record{"author:1": record(20*time.Second, time.Minute, "{}")})
		e, ok := look(t, s, "author:1")["author:1"]
		if !ok {
			t.Fatal("it is not there")
		}
		if age := e.Age(time.Now()); age < 20*time.Second || age > 25*time.Second {
			t.Errorf("it is %v old, want 20s and a little", age)
		}
		if left := e.UsableFor - e.Age(time.Now()); left > 40*time.Second || left < 35*time.Second {
			t.Errorf("it may be used for %v, want 40s", left)
		}
	})
}

func TestStore_Expired(t *testing.T) {
	stores(t, func(t *subtest, s *redisstore.Store) {
		put(t, s, map[string]*redisstore.Record{
			"author:over":  record(time.Minute, time.Minute, "{}"),
			"author:never": record(0, 0, "{}"),
			"author:soon":  record(time.Minute, time.Minute+300*time.Millisecond, "{}"),
		})
		found := look(t, s, "author:over", "author:never")
		if len(found) > 0 {
			t.Errorf("found %v", found)
		}
		testkit.WaitFor(t, "the third goes when its time is over", func() bool { return len(look(t, s, "author:soon")) == 0 })
	})
}

func TestStore_Delete(t *testing.T) {
	stores(t, func(t *subtest, s *redisstore.Store) {
		put(t, s, map[string]*redisstore.Record{"author:1": record(0, time.Minute, "1"), "author:2": record(0, time.Minute, "2")})
		if err := s.Delete(t.Context(), []string{"author:1", "author:never"}); err != nil {
			t.Fatal(err)
		}
		if found := look(t, s, "author:1", "author:2"); len(found) != 1 || found["author:2"].Body == nil {
			t.Errorf("found %v", found)
		}
	})
}

func TestStore_Pipelines(t *testing.T) {
	stores(t, func(t *subtest, s *redisstore.Store) {
		entries := map[string]*redisstore.Record{}
		var keys []string
		for i := range 500 {
			key := fmt.Sprint("book:", i)
			keys = append(keys, key)
			entries[key] = record(0, time.Minute, key)
		}
		put(t, s, entries)
		found := look(t, s, keys...)
		for _, key := range keys {
			if e, ok := found[key]; !ok || string(e.Body) != key {
				t.Fatalf("%s: %v", key, e)
			}
		}
	})
}
