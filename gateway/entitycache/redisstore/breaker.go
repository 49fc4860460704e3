package redisstore

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrUnavailable means that Redis was not asked, as it failed or was slow.
var ErrUnavailable = errors.New("redis is disabled after a failure")

// breaker keeps callers away from a Redis that failed or is slow, until a background
// probe succeeds. Requests are never used as probes. It starts open, with a probe.
type breaker struct {
	probe       func(context.Context) error
	reconnected func() // is called before a Redis that was reported to have failed is used again
	log         *slog.Logger

	open            atomic.Bool
	down            atomic.Bool  // it was reported to have failed
	consecutiveSlow atomic.Int32 // consecutive slow responses
	closed          time.Time    // when it was closed last; read and written by probeUntilHealthy alone

	began  time.Time
	probed chan struct{} // closed after the first probe

	ctx     context.Context // of the probes
	stop    context.CancelFunc
	mu      sync.Mutex // serializes the start of probing with close
	probing sync.WaitGroup
}

func newBreaker(probe func(context.Context) error, reconnected func(), log *slog.Logger) *breaker {
	b := &breaker{probe: probe, reconnected: reconnected, log: log, began: time.Now(), probed: make(chan struct{})}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.open.Store(true)
	b.probing.Go(func() { b.probeUntilHealthy(sync.OnceFunc(func() { close(b.probed) })) })
	return b
}

// awaitFirst waits for the first probe, until roundTripBudget of the life of the process has
// passed.
func (b *breaker) awaitFirst(ctx context.Context) {
	left := roundTripBudget - time.Since(b.began)
	if !b.open.Load() || left <= 0 {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-b.probed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// recordSuccess records a successful call and its duration.
func (b *breaker) recordSuccess(took time.Duration) {
	if took < slowAfter {
		b.consecutiveSlow.Store(0)
		return
	}
	if b.consecutiveSlow.Add(1) >= maxSlowAnswers {
		b.recordFailure()
	}
}

// recordFailure opens the breaker after a call that failed. If the last time was a while ago, a
// probe is sent at once. Redis is reported to have failed when failuresToReport probes have:
// until then, it may be this process that is too busy.
func (b *breaker) recordFailure() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() == nil && b.open.CompareAndSwap(false, true) {
		b.probing.Go(func() { b.probeUntilHealthy(func() {}) })
	}
}

// probeUntilHealthy probes until a probe succeeds, then closes the breaker. It calls tried after each
// probe.
func (b *breaker) probeUntilHealthy(tried func()) {
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	failures := 0
	for wait := time.Since(b.closed) < probeInterval; ; wait = true {
		if wait {
			select {
			case <-b.ctx.Done():
				return
			case <-tick.C:
			}
		}
		err := b.probe(b.ctx)
		if err != nil && !isScarcity(err) {
			failures++
		}
		switch down := b.down.Load(); {
		case err == nil:
			b.consecutiveSlow.Store(0)
			b.closed = time.Now()
			if down {
				b.reconnected()
			}
			b.down.Store(false)
			b.open.Store(false)
			if down {
				b.log.Info("redis is used again")
			}
		case !down && failures >= failuresToReport && b.ctx.Err() == nil:
			b.down.Store(true)
			b.log.Warn("redis failed: continuing without it", "error", err.Error())
		}
		tried()
		if err == nil {
			return
		}
	}
}

// isScarcity reports whether err is a lack of resources of this process or machine, which
// says nothing about Redis.
func isScarcity(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM},
		func(errno syscall.Errno) bool { return errors.Is(err, errno) })
}

// close stops probing for good.
func (b *breaker) close() {
	b.mu.Lock()
	b.stop()
	b.mu.Unlock()
	b.probing.Wait()
}
