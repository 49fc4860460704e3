package admission

import (
	"context"
	"errors"
	"io"
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"tributary/gateway/fault"
)

// smallBody is the number of bytes of each body that come from the small share.
const smallBody = 16 << 10

// minBodies is the smallest budget in bytes, so that its small share has room for a few
// bodies of smallBody.
const minBodies = 1 << 20

// Bodies is the memory budget of a process, in bytes, for what clients send: request bodies
// and WebSocket messages, from when their bytes arrive until the request is answered. It is
// safe for concurrent use.
//
// A quarter of the budget is the small share, from which the first 16 KiB of each body come;
// the rest of a body comes from the large share. So ordinary requests are read while long
// bodies use all that is left for them.
type Bodies struct {
	small, large *semaphore.Weighted
	largest      int64 // size of large
	held         atomic.Int64
	wait         time.Duration // the longest wait for memory
	shed         prometheus.Counter
}

// NewBodies returns a budget of cfg.BodiesMB. It is enlarged to admit at least one request
// of largest bytes at a time.
func NewBodies(cfg Config, largest int, reg prometheus.Registerer) *Bodies {
	size := int64(max(cfg.BodiesMB<<20, largest+largest/3+1, minBodies)) // so that the large share has largest
	b := &Bodies{
		small: semaphore.NewWeighted(size / 4), large: semaphore.NewWeighted(size - size/4), largest: size - size/4,
		wait: cfg.QueueWait,
		shed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "admission_bodies_shed_total",
			Help: "Request bodies and WebSocket messages rejected because the memory for them was in use.",
		}),
	}
	reg.MustRegister(b.shed, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "admission_body_bytes",
		Help: "Memory taken from the budget for request bodies and WebSocket messages, in bytes.",
	}, func() float64 { return float64(b.held.Load()) }))
	return b
}

// Largest returns the size in bytes of the largest request that the budget admits.
func (b *Bodies) Largest() int64 { return b.largest }

// Lease returns an empty lease.
func (b *Bodies) Lease() Lease { return Lease{bodies: b} }

// Lease is the part of the budget that one request holds. It must be released. It is not
// safe for concurrent use.
type Lease struct {
	bodies       *Bodies
	small, large int64
}

// errNoMemory is the cause of a [fault.Overloaded] for lack of memory.
var errNoMemory = errors.New("the memory for request bodies is in use")

// Take adds n bytes to the lease. If the budget is exhausted, it waits for a short time. The
// error is a [fault.Overloaded] or that of ctx; the lease is unchanged then, or partly
// enlarged.
func (l *Lease) Take(ctx context.Context, n int) error {
	small := min(int64(n), smallBody-l.small)
	if err := l.bodies.acquire(ctx, l.bodies.small, small); err != nil {
		return err
	}
	l.small += small
	large := int64(n) - small
	if err := l.bodies.acquire(ctx, l.bodies.large, large); err != nil {
		return err
	}
	l.large += large
	return nil
}

func (b *Bodies) acquire(ctx context.Context, share *semaphore.Weighted, n int64) error {
	if n == 0 {
		return nil
	}
	if !share.TryAcquire(n) {
		waiting, cancel := context.WithTimeout(ctx, b.wait)
		defer cancel()
		if share.Acquire(waiting, n) != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			b.shed.Inc()
			return fault.New(fault.Overloaded, "", errNoMemory)
		}
	}
	b.held.Add(n)
	return nil
}

// Move returns a lease of all that l holds. After that l is empty.
func (l *Lease) Move() Lease {
	moved := *l
	l.small, l.large = 0, 0
	return moved
}

// Shrink gives back what l holds beyond n bytes.
func (l *Lease) Shrink(n int) {
	small := min(l.small, int64(n))
	large := min(l.large, int64(n)-small)
	l.bodies.small.Release(l.small - small)
	l.bodies.large.Release(l.large - large)
	l.bodies.held.Add(small + large - l.small - l.large)
	l.small, l.large = small, large
}

// Release gives back all that l holds.
func (l *Lease) Release() { l.Shrink(0) }

// firstRead is the size in bytes of the first buffer for a body. A client that sends nothing
// costs no more.
const firstRead = 1 << 10

// ReadAll reads r to its end. Memory is allocated, and taken for the lease, as the bytes
// arrive: at most twice as much as has come. Announced is the length that the client has
// given, or negative; it only prevents allocating more than that.
func (l *Lease) ReadAll(ctx context.Context, r io.Reader, announced int64) ([]byte, error) {
	enough := int64(math.MaxInt64)
	if announced >= 0 && announced < enough {
		enough = announced + 1 // for the end to be read without growing
	}
	body := make([]byte, 0, min(firstRead, enough))
	for {
		if n := len(body); n == cap(body) {
			larger := 2 * int64(n)
			if int64(n) < enough {
				larger = min(larger, enough)
			}
			body = append(make([]byte, 0, larger), body...)
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if taken := l.Take(ctx, n); taken != nil {
			return nil, taken
		}
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
