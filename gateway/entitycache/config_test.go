package entitycache_test

import (
	"testing"
	"time"

	"tributary/gateway/entitycache"
)

func TestConfig_InvalidIsNamed(t *testing.T) {
	for name, change := range map[string]func(*entitycache.Config){
		"cache-ttl":                               func(c *entitycache.Config) { c.TTL = -1 },
		"cache-stale-if-error":                    func(c *entitycache.Config) { c.StaleIfError = -1 },
		"cache-absent-ttl":                        func(c *entitycache.Config) { c.AbsentTTL = -1 },
		"cache-absent-ttl is 5.000000001s":        func(c *entitycache.Config) { c.AbsentTTL = 5*time.Second + 1 },
		"cache-absent-ttls: that of book is 1m0s": func(c *entitycache.Config) { c.AbsentTTLs = map[string]time.Duration{"book": time.Minute} },
		"cache-soft-timeout":                      func(c *entitycache.Config) { c.SoftTimeout = -1 },
		"cache-ttls: that of author":              func(c *entitycache.Config) { c.TTLs = map[string]time.Duration{"author": -1} },
		"cache-stale-if-errors: that of author":   func(c *entitycache.Config) { c.StaleIfErrors = map[string]time.Duration{"author": -1} },
		"cache-absent-ttls: that of author":       func(c *entitycache.Config) { c.AbsentTTLs = map[string]time.Duration{"author": -1} },
		"cache-memory-mb":                         func(c *entitycache.Config) { c.MemoryMB = 0 },
		"redis-url":                               func(c *entitycache.Config) { c.RedisURL = "http://:secret@redis.example.com" },
	} {
		cfg := defaults()
		change(&cfg)
		wantNamed(t, cfg, name)
	}
}
