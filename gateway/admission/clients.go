package admission

import (
	"context"
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// Clients limits how many operations of one client are under way, so that one cannot take
// the slots of all. It holds nothing of clients without an operation. It is safe for
// concurrent use; a nil Clients admits everything.
type Clients struct {
	most     int
	rejected prometheus.Counter

	mu      sync.Mutex
	running map[string]int // by client; at least 1
}

// NewClients returns the limit of cfg, or nil if it sets none.
func NewClients(cfg Config, reg prometheus.Registerer) *Clients {
	if cfg.PerClient == 0 {
		return nil
	}
	c := &Clients{
		most: cfg.PerClient, running: map[string]int{},
		rejected: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "admission_client_operations_rejected_total",
			Help: "Operations rejected because their client had reached max-operations-per-client."}),
	}
	reg.MustRegister(c.rejected, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "admission_clients", Help: "Clients with operations in flight, if max-operations-per-client is set.",
	}, c.count))
	return c
}

func (c *Clients) count() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return float64(len(c.running))
}

var errShare = errors.New("too many concurrent operations of this client")

// Enter counts an operation of the client of ctx. The caller must call leave when it has
// ended. The error is a [fault.Throttled].
func (c *Clients) Enter(ctx context.Context) (leave func(), err error) {
	client, _ := ctx.Value(clientKey{}).(string)
	if c == nil || client == "" {
		return func() {}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[client] >= c.most {
		c.rejected.Inc()
		return nil, fault.New(fault.Throttled, "", errShare)
	}
	c.running[client]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.running[client]--
		if c.running[client] == 0 {
			delete(c.running, client)
		}
	}, nil
}

type clientKey struct{}

// WithClient returns a context for a request of the client that is identified by name. Operations
// without a client, such as those that the gateway executes itself, are not counted.
func WithClient(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, clientKey{}, name)
}
