package cache

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Cache is what all of a gateway's [Through] decorators share: its stores, its
// settings and its figures. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	memory  *Memory
	shared  *Redis // nil without one
	metrics *metrics
	log     *slog.Logger

	kinds      []string // of entities
	purges     purges
	writes     chan pending
	refreshing chan struct{}   // holds one for each load ahead of time
	ctx        context.Context // ends with the cache
	stop       context.CancelFunc
	work       work          // all that goes on in the background
	alsoClose  []func() bool // what else holds goroutines
}

// New returns the cache that cfg describes. It does not wait for Redis and
// does not fail when there is none: only settings that make no sense are an
// error. The caller closes it.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Cache, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Cache{
		cfg: cfg, log: log, metrics: newMetrics(reg),
		writes: make(chan pending, pendingWrites), refreshing: make(chan struct{}, refreshesAtOnce),
	}
	var err error
	if cfg.RedisURL != "" {
		if c.shared, err = NewRedis(cfg.RedisURL, log); err != nil {
			return nil, err
		}
	}
	if c.memory, err = NewMemory(cfg.memoryBytes()); err != nil {
		return nil, err
	}
	reg.MustRegister(newSizes(tierMemory, &c.memory.evicted, c.memory.size))
	if c.shared != nil {
		reg.MustRegister(newRedisFigures(c.shared))
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.work.Go(c.write)
	if c.shared != nil {
		c.work.Go(func() { c.shared.listen(c.ctx, c.forget) })
	}
	return c, nil
}

// Close ends loads that are still under way, writes to the shared store what
// waits to be written, and closes the connections. No load may be begun any more.
func (c *Cache) Close() error {
	c.stop()
	c.work.end()
	c.memory.Close()
	for _, closes := range c.alsoClose {
		closes()
	}
	if c.shared != nil {
		return c.shared.Close()
	}
	return nil
}

// Type is "redis" when entries are shared through one, "memory" otherwise.
func (c *Cache) Type() string {
	if c.shared != nil {
		return tierRedis
	}
	return tierMemory
}

// Kinds are the names of the kinds of entities, in alphabetical order.
func (c *Cache) Kinds() []string { return slices.Sorted(slices.Values(c.kinds)) }

// Ping tells whether the shared store answers; without one there is nothing to fail.
func (c *Cache) Ping(ctx context.Context) error {
	if c.shared == nil {
		return nil
	}
	return c.shared.Ping(ctx)
}

// lookShared asks the shared store, if there is one that answers.
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
