package cache_test

import (
	"fmt"
	"testing"
	"time"
)

// onRedis is a gateway with the default settings on a Redis.
func onRedis(t testing.TB, url string, src *source) *gateway {
	t.Helper()
	cfg := defaults()
	cfg.RedisURL = url
	return newGateway(t, cfg, src)
}

// stored has gateways load keys, which have text, until their entries are in Redis.
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

// inRedis has load bring the entries of keys into Redis, seen by a gateway that
// has nothing in memory. What was to be written while Redis was slow is not
// written later: then gateways forget everything, and load is called again.
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
			load()
			loaded = time.Now()
		}
		return false
	})
}
