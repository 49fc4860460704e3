package cache

import (
	"errors"
	"fmt"
	"time"
)

// Config is what an operator may set about the cache.
type Config struct {
	RedisURL     string        `name:"redis-url" help:"Redis to share entries through: redis:// or rediss://, several comma-separated hosts for a cluster, sentinels' hosts with ?master_name=NAME. Empty: memory only." secret:""`
	TTL          time.Duration `name:"cache-ttl" default:"30s" help:"How long an answer is fresh, counted from when the upstream gave it."`
	StaleIfError time.Duration `name:"cache-stale-if-error" default:"10m" help:"How much longer than its TTL an answer may stand in while its upstream fails. 0: never."`
	AbsentTTL    time.Duration `name:"cache-absent-ttl" default:"5s" help:"How long it is remembered that an upstream knows no such id. 0: not at all."`
	MemoryMB     int           `name:"cache-memory-mb" default:"64" help:"How many MiB of entries are held in memory at most."`
	LoadTimeout  time.Duration `kong:"-"` // how long a load may take whoever waits for it; set from the request's time-out
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

// policy is what the settings say of one kind.
type policy struct {
	ttl    time.Duration
	stale  time.Duration // how much longer than ttl an entry may stand in
	absent time.Duration
}

func (c Config) of(string) policy {
	return policy{ttl: c.TTL, stale: c.StaleIfError, absent: c.AbsentTTL}
}

// fresh tells whether e may be given out as it is.
func (p policy) fresh(e *Entry, now time.Time) bool {
	if e.Absent {
		return e.Age(now) < min(e.Keep, p.absent)
	}
	return e.Age(now) < p.ttl
}

// standsIn tells whether e may be given out in place of a load that failed.
func (p policy) standsIn(e *Entry, now time.Time) bool {
	return e != nil && !e.Absent && e.Usable(now) && e.Age(now) < p.ttl+p.stale
}
