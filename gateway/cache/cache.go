package cache

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Cache has what all [Through] decorators of a gateway share: stores, settings and
// metrics. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	memory  *Memory
	shared  *Redis // nil if none is configured
	metrics *metrics
	log     *slog.Logger

	kinds       []string // of entities
	generations generations
	revocations atomic.Uint64 // number of entries revoked so far
	writes      chan write
	refreshing  chan struct{}   // semaphore for background refreshes
	ctx         context.Context // ends with the cache
	stop        context.CancelFunc
	background  taskGroup
}

// New returns a cache. It neither waits for Redis nor fails if there is none; only
// invalid settings are an error. The caller must close it.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Cache, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Cache{
		cfg: cfg, log: log, metrics: newMetrics(reg),
		writes: make(chan write, pendingWrites), refreshing: make(chan struct{}, maxRefreshes),
	}
	var err error
	if c.memory, err = NewMemory(cfg.memoryBytes()); err != nil {
		return nil, err
	}
	if cfg.RedisURL != "" {
		if c.shared, err = NewRedis(cfg.RedisURL, log, c.forget); err != nil {
			return nil, err
		}
	}
	reg.MustRegister(NewSizes(tierMemory, &c.memory.evicted, c.memory.size))
	if c.shared != nil {
		reg.MustRegister(newRedisFigures(c.shared))
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.background.Go(c.write)
	if c.shared != nil {
		c.background.Go(func() { c.shared.listen(c.ctx) })
	}
	return c, nil
}

// Close cancels running loads, flushes queued writes to the shared store, and closes
// the connections. No load may be started afterwards.
func (c *Cache) Close() error {
	c.stop()
	c.background.close()
	c.memory.Close()
	if c.shared != nil {
		return c.shared.Close()
	}
	return nil
}

// Type is "redis" if a Redis is configured, and "memory" otherwise.
func (c *Cache) Type() string {
	if c.shared != nil {
		return tierRedis
	}
	return tierMemory
}

// Kinds returns the names of all kinds of entities, in alphabetical order.
func (c *Cache) Kinds() []string { return slices.Sorted(slices.Values(c.kinds)) }

// Ping returns an error if the shared store does not answer, and nil if there is none.
func (c *Cache) Ping(ctx context.Context) error {
	if c.shared == nil {
		return nil
	}
	return c.shared.Ping(ctx)
}

// lookShared returns the entries in the shared store, none if it is missing or fails.
func (c *Cache) lookShared(ctx context.Context, names []string) map[string]*Entry {
	if c.shared == nil {
		return nil
	}
	found, err := c.shared.Get(ctx, names)
	c.countError("get", err)
	return found
}

func (c *Cache) countError(op string, err error) {
	if err != nil && !errors.Is(err, errRedisDown) {
		c.metrics.errors.WithLabelValues(op).Inc()
	}
}
