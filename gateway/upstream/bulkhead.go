package upstream

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// bulkhead limits concurrent calls. Up to Queue more wait for QueueWait at most; others
// are rejected.
func bulkhead(cfg Config, f *figures, next roundTrip) roundTrip {
	if cfg.Concurrency == 0 {
		return next
	}
	slots := admission.NewSlots(cfg.Concurrency, cfg.Queue, cfg.QueueWait, f.queue)
	return func(r *http.Request) reply {
		start := time.Now()
		switch err := slots.Acquire(r.Context()); {
		case err == nil:
			defer slots.Release()
			if took := time.Since(start); took > time.Millisecond {
				r = r.WithContext(context.WithValue(r.Context(), queuedKey{}, took))
			}
			return next(r)
		case errors.Is(err, admission.ErrQueueFull), errors.Is(err, admission.ErrWaitTooLong):
			return noReply(f.service, fault.New(fault.Overloaded, f.service, err))
		default:
			return noReply(f.service, err)
		}
	}
}

type queuedKey struct{}

// queued returns how long a call has waited in the bulkhead.
func queued(ctx context.Context) time.Duration {
	took, _ := ctx.Value(queuedKey{}).(time.Duration)
	return took
}
