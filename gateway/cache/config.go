package cache

import (
	"errors"
	"fmt"
	"time"
)

// Config is what an operator may set about the cache.
type Config struct {
	RedisURL     string        `name:"redis-url" help:"Redis to share entries through: redis:// or rediss://, several comma-separated hosts for a cluster. Empty: memory only." secret:""`
	TTL          time.Duration `name:"cache-ttl" default:"30s" help:"How long an answer is fresh, counted from when the upstream gave it."`
	AbsentTTL    time.Duration `name:"cache-absent-ttl" default:"5s" help:"How long it is remembered that an upstream knows no such id. 0: not at all."`
	MemoryMB     int           `name:"cache-memory-mb" default:"64" help:"How many MiB of entries are held in memory at most."`
	LoadTimeout  time.Duration `kong:"-"` // how long a load may take whoever waits for it; set from the request's time-out
	StaleIfError time.Duration `name:"cache-stale-if-error" default:"10m" help:"How much longer than its TTL an answer may stand in while its upstream fails. 0: never."`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	switch {
	case c.TTL < 0:
		return errors.New("cache-ttl must not be negative")
	case c.StaleIfError < 0:
		return errors.New("cache-stale-if-error must not be negative")
	case c.AbsentTTL < 0:
		return errors.New("cache-absent-ttl must not be negative")
	case c.MemoryMB <= 0:
		return errors.New("cache-memory-mb must be more than 0")
	}
	if c.RedisURL != "" {
		if _, err := ParseRedisURL(c.RedisURL); err != nil {
			return fmt.Errorf("redis-url: %w", err)
		}
	}
	return nil
}

func (c Config) memoryBytes() uint64 { return uint64(c.MemoryMB) << 20 } //nolint:gosec // G115: Validate has refused what is negative

const defaultLoadTimeout = 5 * time.Second

func (c Config) loadTimeout() time.Duration {
	if c.LoadTimeout > 0 {
		return c.LoadTimeout
	}
	return defaultLoadTimeout
}
