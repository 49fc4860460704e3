package admission

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"
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
	small, large *Budget
}

// NewBodies returns a budget of cfg.BodiesMB. It is enlarged to admit at least one request
// of largest bytes at a time.
func NewBodies(cfg Config, largest int, reg prometheus.Registerer) *Bodies {
	size := int64(max(cfg.BodiesMB<<20, largest+largest/3+1, minBodies)) // so that the large share has largest
	large := NewBudget(size-size/4, prometheus.GaugeOpts{
		Name: "admission_body_bytes",
		Help: "Memory taken from the budget for request bodies and WebSocket messages, in bytes.",
	}, prometheus.CounterOpts{
		Name: "admission_bodies_shed_total",
		Help: "Request bodies and WebSocket messages rejected because the memory budget for them was exhausted.",
	}, reg)
	large.wait = cfg.QueueWait
	small := *large
	small.free, small.size = semaphore.NewWeighted(size/4), size/4
	return &Bodies{small: &small, large: large}
}

// Largest returns the size in bytes of the largest request that the budget admits.
func (b *Bodies) Largest() int64 { return b.large.Size() }

// Lease returns an empty lease.
func (b *Bodies) Lease() BodyLease {
	return BodyLease{small: Lease{budget: b.small}, large: Lease{budget: b.large}}
}

// BodyLease is the part of the budget that one request holds. It must be released. It is
// not safe for concurrent use.
type BodyLease struct {
	small, large Lease
}

// Take adds n bytes to the lease. If the budget is exhausted, it waits for a short time. The
// error is a [fault.Overloaded] or that of ctx; the lease is unchanged then, or partly
// enlarged.
func (l *BodyLease) Take(ctx context.Context, n int) error {
	small := min(int64(n), smallBody-l.small.taken.Load())
	if err := l.small.Take(ctx, small); err != nil {
		return err
	}
	return l.large.Take(ctx, int64(n)-small)
}

// Move returns a lease of all that l holds. After that l is empty.
func (l *BodyLease) Move() *BodyLease {
	moved := &BodyLease{small: Lease{budget: l.small.budget}, large: Lease{budget: l.large.budget}}
	moved.small.taken.Store(l.small.taken.Swap(0))
	moved.large.taken.Store(l.large.taken.Swap(0))
	return moved
}

// Shrink gives back what l holds beyond n bytes.
func (l *BodyLease) Shrink(n int) {
	small, large := l.small.taken.Load(), l.large.taken.Load()
	l.small.Give(small - int64(n))
	l.large.Give(large - max(0, int64(n)-small))
}

// Release gives back all that l holds. Nothing can be taken after that.
func (l *BodyLease) Release() {
	l.small.Release()
	l.large.Release()
}

// firstRead is the size in bytes of the first buffer for a body, and so the cost of a client that
// sends no bytes.
const firstRead = 1 << 10

// ReadAll reads r to its end. Memory is allocated, and taken for the lease, as the bytes
// arrive: at most twice as much as has come. Announced is the length that the client has
// given, or negative; it only prevents allocating more than that.
func (l *BodyLease) ReadAll(ctx context.Context, r io.Reader, announced int64) ([]byte, error) {
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
