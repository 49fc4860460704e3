package upstream

import (
	"context"
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
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
		Help: "Responses of services dropped because the memory budget for them was exhausted.",
	}, reg)
}

// largestBody is the maximum size of a response of any service.
func (c Config) largestBody() int64 {
	largest := c.withDefaults().MaxBody
	for own := range c.overridden() {
		largest = max(largest, own.MaxBody)
	}
	return largest
}

type leaseKey struct{}

// WithLease returns a context in which the memory of responses counts until release is
// called, which must be when they have been decoded. Otherwise it counts while they are
// read.
func (c *Client) WithLease(ctx context.Context) (_ context.Context, release func()) {
	if c.bodies == nil {
		return ctx, func() {}
	}
	l := c.bodies.Lease()
	return context.WithValue(ctx, leaseKey{}, l), l.Release
}
