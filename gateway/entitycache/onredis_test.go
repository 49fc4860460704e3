package entitycache_test

import (
	"fmt"
	"testing"
	"time"

	"tributary/gateway/entitycache"
	"tributary/gateway/entitycache/redisstore"
)

// onRedis returns a gateway with the default settings and a Redis.
func onRedis(t testing.TB, url string, src *source) *gateway {
	t.Helper()
	cfg := defaults()
	cfg.RedisURL = url
	return newGateway(t, cfg, src)
}

// stored loads keys, whose value is text, through gateways until their entries are in
// Redis.
func stored(t testing.TB, url, text string, keys []string, gateways ...*gateway) {
	t.Helper()
	inRedis(t, url, keys, func() {
		for _, g := range gateways {
			for _, key := range keys {
				g.want(t, key, text)
			}
		}
	}, gateways...)
}

// inRedis calls load until a gateway with empty memory finds the entries of keys in
// Redis. Writes are dropped while Redis is slow, so each time the gateways are purged
// and load is called again.
func inRedis(t testing.TB, url string, keys []string, load func(), gateways ...*gateway) {
	t.Helper()
	s := newRedis(t, url)
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		names = append(names, "item:"+key)
	}
	load()
	loaded := time.Now()
	eventually(t, fmt.Sprint(names, " are in Redis"), func() bool {
		found, err := s.Get(t.Context(), names)
		if err == nil && len(found) == len(names) {
			return true
		}
		if time.Since(loaded) > time.Second {
			settle(t, gateways...)
			s = newRedis(t, url) // since it does not listen
			load()
			loaded = time.Now()
		}
		return false
	})
}

// newRedis returns a store that does not listen for purges.
func newRedis(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(url, redisstore.Deps{Log: quiet(), OnPurge: func([]uint32) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func record(age, usable time.Duration, body string) *redisstore.Record {
	return &redisstore.Record{FetchedAt: time.Now().Add(-age), UsableFor: usable, Body: []byte(body)}
}

// put stores records of items, and retries while Redis is slow.
func put(t testing.TB, s *redisstore.Store, records map[string]*redisstore.Record) {
	t.Helper()
	putAs[item](t, s, records)
}

// putAs stores records with bodies of type V.
func putAs[V any](t testing.TB, s *redisstore.Store, records map[string]*redisstore.Record) {
	t.Helper()
	eventually(t, "the store takes records", func() bool {
		for name, r := range records {
			r.Shape = entitycache.ShapeOf[V]()
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
	eventually(t, "the store answers", func() bool {
		var err error
		found, err = s.Get(t.Context(), names)
		return err == nil
	})
	return found
}
