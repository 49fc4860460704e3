package upstream

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"tributary/gateway/fault"
)

// Bodies is a budget in bytes for the responses of all services that are being read or
// decoded. It is safe for concurrent use; a nil Bodies has no limit.
//
// The first bytes of each response do not count, so that short ones pay nothing for the
// budget. The limit of concurrent calls bounds these.
type Bodies struct {
	room *semaphore.Weighted
	held prometheus.Gauge
	shed prometheus.Counter
}

// freeBytes is the size up to which a response does not count.
const freeBytes = 16 << 10

// NewBodies returns the budget of cfg.BodiesMB, or of a response of the largest size if
// that is more.
func NewBodies(cfg Config, reg prometheus.Registerer) *Bodies {
	size := int64(math.MaxInt64)
	if cfg.BodiesMB > 0 {
		size = max(int64(cfg.BodiesMB)<<20, cfg.withDefaults().MaxBody)
	}
	b := &Bodies{
		room: semaphore.NewWeighted(size),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "upstream_bodies_bytes", Help: "Memory of responses of services over 16 KiB that are being read or decoded."}),
		shed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "upstream_bodies_shed_total",
			Help: "Responses of services that were given up because the memory for them was in use.",
		}),
	}
	reg.MustRegister(b.held, b.shed)
	return b
}

var errNoRoom = errors.New("the responses being read leave no memory for more")

// acquire takes n bytes, and waits for them until ctx ends.
func (b *Bodies) acquire(ctx context.Context, n int64) error {
	if b.room.Acquire(ctx, n) != nil {
		b.shed.Inc()
		return fault.New(fault.Overloaded, "", errNoRoom)
	}
	b.held.Add(float64(n))
	return nil
}

func (b *Bodies) release(n int64) {
	b.held.Sub(float64(n))
	b.room.Release(n)
}

// A lease is what one call has taken from the budget. It is safe for concurrent use, since
// a call may have several attempts at a time.
type lease struct {
	bodies *Bodies

	mu    sync.Mutex
	taken int64
	ended bool
}

type leaseKey struct{}

// WithLease returns a context in which the memory of responses counts until release is
// called, which must be when they have been decoded. Otherwise it counts while they are
// read.
func (c *Client) WithLease(ctx context.Context) (_ context.Context, release func()) {
	if c.bodies == nil {
		return ctx, func() {}
	}
	l := &lease{bodies: c.bodies}
	return context.WithValue(ctx, leaseKey{}, l), l.release
}

// take takes n bytes more.
func (l *lease) take(ctx context.Context, n int64) error {
	if l == nil || n <= 0 {
		return nil
	}
	if err := l.bodies.acquire(ctx, n); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended { // an attempt that lost against a hedge
		l.bodies.release(n)
		return fault.New(fault.Overloaded, "", context.Canceled)
	}
	l.taken += n
	return nil
}

// give gives back n bytes.
func (l *lease) give(n int64) {
	if l == nil || n <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.taken -= n
		l.bodies.release(n)
	}
}

func (l *lease) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.taken > 0 {
		l.bodies.release(l.taken)
		l.taken = 0
	}
}
