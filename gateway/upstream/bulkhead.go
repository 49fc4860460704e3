package upstream

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	semaphore "github.com/failsafe-go/failsafe-go/bulkhead"

	"tributary/gateway/fault"
)

// bulkhead limits concurrent calls. Up to Queue more wait for QueueWait at most; others
// are rejected.
func bulkhead(cfg Config, f *figures, next http.RoundTripper) http.RoundTripper {
	if cfg.Concurrency == 0 {
		return next
	}
	b := &bulkheadPolicy{cfg: cfg, figure: f, slots: semaphore.New[any](uint(cfg.Concurrency))}
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		if err := b.enter(r.Context()); err != nil {
			return nil, err
		}
		defer b.slots.ReleasePermit()
		return next.RoundTrip(r)
	})
}

type bulkheadPolicy struct {
	cfg     Config
	figure  *figures
	slots   semaphore.Bulkhead[any]
	waiting atomic.Int64
}

var errQueue = errors.New("too many calls wait for their turn")

func (b *bulkheadPolicy) enter(ctx context.Context) error {
	if b.slots.TryAcquirePermit() {
		return nil
	}
	defer b.waiting.Add(-1)
	if b.waiting.Add(1) > int64(b.cfg.Queue) {
		return fault.New(fault.Overloaded, b.figure.service, errQueue)
	}
	b.figure.queue.Inc()
	defer b.figure.queue.Dec()
	err := b.slots.AcquirePermitWithMaxWait(ctx, b.cfg.QueueWait)
	if errors.Is(err, semaphore.ErrFull) {
		return fault.New(fault.Overloaded, b.figure.service, err)
	}
	return err
}
