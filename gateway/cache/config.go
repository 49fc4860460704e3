package cache

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Config is what an operator may set about the cache. What is set per kind
// holds for that kind instead of what is set for all.
type Config struct {
	RedisURL      string                   `name:"redis-url" help:"Redis to share entries through: redis:// or rediss://, several comma-separated hosts for a cluster, sentinels' hosts with ?master_name=NAME. Empty: memory only." secret:""`
	TTL           time.Duration            `name:"cache-ttl" default:"30s" help:"How long an answer is fresh, counted from when the upstream gave it."`
	TTLs          map[string]time.Duration `name:"cache-ttls" placeholder:"KIND=DURATION;..." help:"The same for single kinds (user, orders, product), as in user=5s;product=5m."`
	StaleIfError  time.Duration            `name:"cache-stale-if-error" default:"10m" help:"How much longer than its TTL an answer may stand in while its upstream fails. 0: never."`
	StaleIfErrors map[string]time.Duration `name:"cache-stale-if-errors" placeholder:"KIND=DURATION;..." help:"The same for single kinds."`
	AbsentTTL     time.Duration            `name:"cache-absent-ttl" default:"5s" help:"How long it is remembered that an upstream knows no such id. 0: not at all."`
	AbsentTTLs    map[string]time.Duration `name:"cache-absent-ttls" placeholder:"KIND=DURATION;..." help:"The same for single kinds."`
	Patience      time.Duration            `name:"cache-patience" default:"500ms" help:"How long a request waits for an upstream that does not answer before an older answer stands in. 0: until the call has failed."`
	RefreshAhead  bool                     `name:"cache-refresh-ahead" default:"true" negatable:"" help:"Ask again in the background for what is asked for in the last fifth of its TTL."`
	MemoryMB      int                      `name:"cache-memory-mb" default:"64" help:"How many MiB of entries are held in memory at most."`
	ResponseMB    int                      `name:"cache-response-mb" default:"64" help:"How many MiB of whole responses are held in memory at most. 0: none are."`

	// Variant tells requests apart that the upstreams may answer in different
	// ways, as in two languages: "" is one of them, nil is always that.
	Variant     func(context.Context) string `kong:"-"`
	LeastTime   time.Duration                `kong:"-"` // how much of it must be left for a load to be begun
	LoadTimeout time.Duration                `kong:"-"` // how long a load may take whoever waits for it; set from the request's time-out
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	for _, setting := range []struct {
		name   string
		all    time.Duration
		single map[string]time.Duration
	}{
		{"cache-ttl", c.TTL, c.TTLs},
		{"cache-stale-if-error", c.StaleIfError, c.StaleIfErrors},
		{"cache-absent-ttl", c.AbsentTTL, c.AbsentTTLs},
		{"cache-patience", c.Patience, nil},
	} {
		if setting.all < 0 {
			return fmt.Errorf("%s must not be negative", setting.name)
		}
		for kind, d := range setting.single {
			if d < 0 {
				return fmt.Errorf("%ss: that of %s must not be negative", setting.name, kind)
			}
		}
	}
	if c.MemoryMB <= 0 {
		return errors.New("cache-memory-mb must be more than 0")
	}
	if c.ResponseMB < 0 {
		return errors.New("cache-response-mb must not be negative")
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
