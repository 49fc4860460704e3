package entitycache

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/entitycache/generation"
	"tributary/gateway/entitycache/redisstore"
)

// Cache has what all [ReadThrough] decorators of a gateway share: stores, settings and
// metrics. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	memory  *Memory
	redis   *redisstore.Store // nil if none is configured
	metrics *metrics
	log     *slog.Logger

	kinds       []string // of entities
	generations generation.Counters
	unsettled   unsettled
	revocations atomic.Uint64 // number of entries revoked so far
	writes      chan writeBatch
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
		writes: make(chan writeBatch, pendingWrites), refreshing: make(chan struct{}, maxRefreshes),
	}
	var err error
	if c.memory, err = NewMemory(cfg.memoryBytes()); err != nil {
		return nil, err
	}
	if cfg.RedisURL != "" {
		if c.redis, err = redisstore.New(cfg.RedisURL, redisstore.Deps{Log: log, OnPurge: c.invalidateLocal}); err != nil {
			return nil, err
		}
	}
	reg.MustRegister(NewSizes(tierMemory, &c.memory.evicted, c.memory.size))
	if c.redis != nil {
		reg.MustRegister(c.redis.Collector())
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.background.Go(c.write)
	if c.redis != nil {
		c.background.Go(func() { c.redis.Listen(c.ctx) })
	}
	return c, nil
}

// Close cancels running loads, flushes queued writes to Redis, and closes
// the connections. No load may be started afterwards.
func (c *Cache) Close() error {
	c.stop()
	c.background.close()
	c.memory.Close()
	if c.redis != nil {
		return c.redis.Close()
	}
	return nil
}

// Type is "redis" if a Redis is configured, and "memory" otherwise.
func (c *Cache) Type() string {
	if c.redis != nil {
		return tierRedis
	}
	return tierMemory
}

// Kinds returns the names of all kinds of entities, in alphabetical order.
func (c *Cache) Kinds() []string { return slices.Sorted(slices.Values(c.kinds)) }

// Ping returns an error if Redis does not answer, and nil if there is none.
func (c *Cache) Ping(ctx context.Context) error {
	if c.redis == nil {
		return nil
	}
	return c.redis.Ping(ctx)
}

// getRedis returns the entries in Redis, none if it is missing or fails.
func (c *Cache) getRedis(ctx context.Context, names []string) map[string]redisstore.Record {
	if c.redis == nil {
		return nil
	}
	found, err := c.redis.Get(ctx, names)
	c.countError("get", err)
	return found
}

func (c *Cache) countError(op string, err error) {
	if err != nil && !errors.Is(err, redisstore.ErrUnavailable) {
		c.metrics.errors.WithLabelValues(op).Inc()
	}
}

// An epoch is the generation of a name in this gateway, and its stamp in the Redis that
// gateways share, at one moment.
type epoch struct {
	generation uint64
	stamp      redisstore.Stamp // zero without Redis
}

// epochOf returns the current epoch of a name. Loads note it when they start.
func (c *Cache) epochOf(name string) epoch {
	e := epoch{generation: c.generations.Of(name)}
	if c.redis != nil {
		e.stamp = c.redis.StampOf(name)
	}
	return e
}
