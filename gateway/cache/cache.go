package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// keyPrefix stands before every key in a shared store. Its number changes when
// entries of one version would be misread by another.
const keyPrefix = "tributary:1:"

// pendingWrites is how many writes to the shared store may wait; more are dropped.
const pendingWrites = 1024

// Cache is what all of a gateway's [Through] decorators share: its stores and
// its figures. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	memory  *Memory
	shared  *Redis // nil without one
	metrics *metrics
	log     *slog.Logger

	writes chan map[string]*Entry
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// New returns the cache that cfg describes. It does not wait for Redis and
// does not fail when there is none: only settings that make no sense are an
// error. The caller closes it.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Cache, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Cache{cfg: cfg, log: log, metrics: newMetrics(reg), writes: make(chan map[string]*Entry, pendingWrites)}
	var err error
	if cfg.RedisURL != "" {
		if c.shared, err = NewRedis(cfg.RedisURL, log); err != nil {
			return nil, err
		}
	}
	if c.memory, err = NewMemory(cfg.memoryBytes()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	c.done.Go(func() { c.write(ctx) })
	return c, nil
}

// Close ends background work and connections.
func (c *Cache) Close() error {
	c.stop()
	c.done.Wait()
	c.memory.Close()
	if c.shared != nil {
		return c.shared.Close()
	}
	return nil
}

// Type is "redis" when entries are shared through one, "memory" otherwise.
func (c *Cache) Type() string {
	if c.shared != nil {
		return "redis"
	}
	return "memory"
}

// Ping tells whether the shared store answers; without one there is nothing to fail.
func (c *Cache) Ping(ctx context.Context) error {
	if c.shared == nil {
		return nil
	}
	return c.shared.Ping(ctx)
}

// keep puts entries aside: in memory at once, in the shared store soon.
func (c *Cache) keep(ctx context.Context, entries map[string]*Entry) {
	if len(entries) == 0 {
		return
	}
	_ = c.memory.Set(ctx, entries) // memory never fails
	if c.shared == nil {
		return
	}
	select {
	case c.writes <- entries:
	default:
		c.metrics.dropped.Inc()
	}
}

// write does the writes to the shared store, which no request waits for.
func (c *Cache) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case entries := <-c.writes:
			// What has gathered meanwhile goes along in one round trip.
			for n := len(c.writes); n > 0; n-- {
				for key, e := range <-c.writes {
					entries[key] = e
				}
			}
			if err := c.shared.Set(ctx, entries); err != nil && !errors.Is(err, errPaused) {
				c.metrics.errors.WithLabelValues("set").Inc()
			}
		}
	}
}

// lookShared asks the shared store, if there is one that answers.
func (c *Cache) lookShared(ctx context.Context, keys []string) map[string]*Entry {
	if c.shared == nil {
		return nil
	}
	found, err := c.shared.Get(ctx, keys)
	if err != nil && !errors.Is(err, errPaused) {
		c.metrics.errors.WithLabelValues("get").Inc()
	}
	return found
}

// fresh tells whether e may be given out as it is.
func (c *Cache) fresh(e *Entry, now time.Time) bool {
	if e.Absent {
		return e.Usable(now)
	}
	return e.Age(now) < c.cfg.TTL
}
