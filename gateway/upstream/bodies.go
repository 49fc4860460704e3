package upstream

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// freeBytes is the size up to which a response does not count for the budget of responses,
// so that short ones pay nothing for it. The limit of concurrent calls bounds these.
const freeBytes = 16 << 10

// NewBodies returns the budget for the responses of all services that are being read or
// decoded: cfg.BodiesMB, or what a response of the largest size takes if that is more.
func NewBodies(cfg Config, reg prometheus.Registerer) *admission.Budget {
	size := int64(math.MaxInt64)
	if cfg.BodiesMB > 0 {
		size = max(int64(cfg.BodiesMB)<<20, cfg.largestBody()+portion)
	}
	return admission.NewBudget(size, prometheus.GaugeOpts{
		Name: "upstream_bodies_bytes", Help: "Memory of responses of services over 16 KiB that are being read or decoded.",
	}, prometheus.CounterOpts{
		Name: "upstream_bodies_shed_total",
		Help: "Responses of services that were given up because the memory for them was in use.",
	}, reg)
}

// largestBody is the maximum size of a response of any service.
func (c Config) largestBody() int64 {
	largest := c.withDefaults().MaxBody
	for _, service := range c.Overrides.Services() {
		if own, err := c.of(service); err == nil {
			largest = max(largest, own.withDefaults().MaxBody)
		}
	}
	return largest
}

var errNoRoom = errors.New("the responses being read leave no memory for more")

// A lease is what one call has taken from the budget. It is safe for concurrent use, since
// a call may have several attempts at a time.
type lease struct {
	bodies *admission.Budget

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
	if !l.bodies.Acquire(ctx, n) {
		return fault.New(fault.Overloaded, "", errNoRoom)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended { // an attempt that lost against a hedge
		l.bodies.Release(n)
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
		l.bodies.Release(n)
	}
}

func (l *lease) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.taken > 0 {
		l.bodies.Release(l.taken)
		l.taken = 0
	}
}
