package entitycache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tributary/gateway/entitycache/redisstore"
	"tributary/gateway/heap"
)

// Config has the settings of the cache. Those for single kinds take precedence over
// those for all.
type Config struct {
	RedisURL      string                   `name:"redis-url" help:"Redis that gateways share as second cache tier: redis:// or rediss://, comma-separated hosts for a cluster, sentinel hosts with ?master_name=NAME. Empty: memory only." secret:""`
	TTL           time.Duration            `name:"cache-ttl" default:"30s" help:"How long an entry is fresh, counted from when the service answered."`
	TTLs          map[string]time.Duration `name:"cache-ttls" placeholder:"KIND=DURATION;..." help:"TTLs of single kinds of entities, as in author=5s;book=5m."`
	StaleIfError  time.Duration            `name:"cache-stale-if-error" default:"10m" help:"How long after its TTL an entry may be served stale while its service fails. 0: never."`
	StaleIfErrors map[string]time.Duration `name:"cache-stale-if-errors" placeholder:"KIND=DURATION;..." help:"The same for single kinds."`
	AbsentTTL     time.Duration            `name:"cache-absent-ttl" default:"5s" help:"How long a \"not found\" is cached, at most the TTL and 5s. 0: not at all."`
	AbsentTTLs    map[string]time.Duration `name:"cache-absent-ttls" placeholder:"KIND=DURATION;..." help:"The same for single kinds."`
	SoftTimeout   time.Duration            `name:"cache-soft-timeout" was:"cache-patience" default:"500ms" help:"How long a request waits for a slow service before it is served a stale entry. 0: until the call has failed."`
	RefreshAhead  bool                     `name:"cache-refresh-ahead" default:"true" negatable:"" help:"Refresh entries in the background when they are requested in the last fifth of their TTL."`
	MemoryMB      int                      `name:"cache-memory-mb" default:"64" help:"Maximum size of the entries in memory, in MiB."`

	// Variant returns a value that distinguishes requests for which a service may respond
	// differently, such as the language; the service "" stands for all of them. nil is
	// equivalent to always "".
	Variant func(ctx context.Context, service string) string `kong:"-"`
	// Personal reports whether a service is sent something of the viewer's own, so that what
	// it responds belongs to the viewer. nil is equivalent to always false.
	Personal    func(ctx context.Context, service string) bool `kong:"-"`
	LeastTime   time.Duration                                  `kong:"-"` // a load is not started if less than this is left
	LoadTimeout time.Duration                                  `kong:"-"` // time limit of a load, for all its callers; set from the request timeout
}

// durationSetting is a setting that holds for all kinds, and for single ones another.
type durationSetting struct {
	name   string
	all    time.Duration
	single map[string]time.Duration
	most   time.Duration // 0: unlimited
}

// mostAbsent is the maximum time for which a "not found" is cached: what was created is
// found after it, whatever the settings.
const mostAbsent = 5 * time.Second

// check returns what is wrong with a duration of the setting, or nil.
func (s durationSetting) check(d time.Duration) error {
	switch {
	case d < 0:
		return errors.New("must not be negative")
	case s.most > 0 && d > s.most:
		return fmt.Errorf("is %v; it must not be more than %v", d, s.most)
	}
	return nil
}

func (c Config) spans() []durationSetting {
	return []durationSetting{
		{"cache-ttl", c.TTL, c.TTLs, 0},
		{"cache-stale-if-error", c.StaleIfError, c.StaleIfErrors, 0},
		{"cache-absent-ttl", c.AbsentTTL, c.AbsentTTLs, mostAbsent},
		{"cache-soft-timeout", c.SoftTimeout, nil, 0},
	}
}

// CheckKinds reports the first setting of a kind that is not known.
func (c Config) CheckKinds(known []string) error {
	for _, setting := range c.spans() {
		for _, kind := range slices.Sorted(maps.Keys(setting.single)) {
			if !slices.Contains(known, kind) {
				return fmt.Errorf("%ss: unknown kind %q: want one of %s", setting.name, kind, strings.Join(known, ", "))
			}
		}
	}
	return nil
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	for _, setting := range c.spans() {
		if err := setting.check(setting.all); err != nil {
			return fmt.Errorf("%s %w", setting.name, err)
		}
		for kind, d := range setting.single {
			if err := setting.check(d); err != nil {
				return fmt.Errorf("%ss: that of %s %w", setting.name, kind, err)
			}
		}
	}
	if c.MemoryMB <= 0 {
		return errors.New("cache-memory-mb must be more than 0")
	}
	if c.RedisURL != "" {
		if _, err := redisstore.ParseURL(c.RedisURL); err != nil {
			return fmt.Errorf("redis-url: %w", err)
		}
	}
	return nil
}

// Budgets returns the memory that the settings permit. The size of the cache is an estimate
// of what it keeps alive, which is at most twice as much.
func (c Config) Budgets() []heap.Budget {
	return []heap.Budget{heap.InMiB("BFF_CACHE_MEMORY_MB", c.MemoryMB, 2)}
}

// longestTTL returns the time after which nothing that is cached is fresh.
func (c Config) longestTTL() time.Duration {
	return slices.Max(slices.AppendSeq([]time.Duration{c.TTL}, maps.Values(c.TTLs)))
}

func (c Config) memoryBytes() uint64 { return uint64(c.MemoryMB) << 20 } //nolint:gosec // G115: Validate has refused what is negative

const defaultLoadTimeout = 5 * time.Second

func (c Config) loadTimeout() time.Duration {
	if c.LoadTimeout > 0 {
		return c.LoadTimeout
	}
	return defaultLoadTimeout
}
