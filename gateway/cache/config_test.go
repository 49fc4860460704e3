package cache_test

import (
	"testing"
	"time"

	"tributary/gateway/cache"
)

func TestSettingsThatMakeNoSenseAreNamed(t *testing.T) {
	for name, change := range map[string]func(*cache.Config){
		"cache-ttl":                               func(c *cache.Config) { c.TTL = -1 },
		"cache-stale-if-error":                    func(c *cache.Config) { c.StaleIfError = -1 },
		"cache-absent-ttl":                        func(c *cache.Config) { c.AbsentTTL = -1 },
		"cache-absent-ttl is 5.000000001s":        func(c *cache.Config) { c.AbsentTTL = 5*time.Second + 1 },
		"cache-absent-ttls: that of book is 1m0s": func(c *cache.Config) { c.AbsentTTLs = map[string]time.Duration{"book": time.Minute} },
		"cache-soft-timeout":                      func(c *cache.Config) { c.SoftTimeout = -1 },
		"cache-ttls: that of author":              func(c *cache.Config) { c.TTLs = map[string]time.Duration{"author": -1} },
		"cache-stale-if-errors: that of author":   func(c *cache.Config) { c.StaleIfErrors = map[string]time.Duration{"author": -1} },
		"cache-absent-ttls: that of author":       func(c *cache.Config) { c.AbsentTTLs = map[string]time.Duration{"author": -1} },
		"cache-memory-mb":                         func(c *cache.Config) { c.MemoryMB = 0 },
		"redis-url":                               func(c *cache.Config) { c.RedisURL = "http://:secret@redis.example.com" },
	} {
		cfg := defaults()
		change(&cfg)
		wantNamed(t, cfg, name)
	}
}
