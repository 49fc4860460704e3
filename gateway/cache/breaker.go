package cache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

var errRedisDown = errors.New("cache: redis failed just now")

// breaker keeps callers away from a Redis that failed or is slow, until a background
// probe succeeds. Requests are never used as probes.
type breaker struct {
	probe func(context.Context) error
	log   *slog.Logger

	open atomic.Bool
	slow atomic.Int32 // consecutive slow responses

	ctx     context.Context // of the probes
	stop    context.CancelFunc
	mu      sync.Mutex // serializes the start of probing with close
	probing sync.WaitGroup
}

func newBreaker(probe func(context.Context) error, log *slog.Logger) *breaker {
	b := &breaker{probe: probe, log: log}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// answered records a successful call and its duration.
func (b *breaker) answered(took time.Duration) {
	if took < redisSlow {
		b.slow.Store(0)
		return
	}
	if b.slow.Add(1) >= redisSlowAnswers {
		b.failed(errors.New("it answers slowly"))
	}
}

// failed opens the breaker.
func (b *breaker) failed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil || !b.open.CompareAndSwap(false, true) {
		return
	}
	b.log.Warn("redis failed: going on without it", "error", err.Error())
	b.probing.Go(b.recover)
}

// recover probes until a response arrives that is not slow, then closes the breaker.
func (b *breaker) recover() {
	tick := time.NewTicker(redisPause)
	defer tick.Stop()
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-tick.C:
		}
		start := time.Now()
		if err := b.probe(b.ctx); err == nil && time.Since(start) < redisSlow {
			b.slow.Store(0)
			b.open.Store(false)
			b.log.Info("redis is used again")
			return
		}
	}
}

// close stops probing for good.
func (b *breaker) close() {
	b.mu.Lock()
	b.stop()
	b.mu.Unlock()
	b.probing.Wait()
}
