package admission

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// RetryAfter is the Retry-After, in seconds, of a rejected request: by then the
// operations that were in its way have ended.
const RetryAfter = "1"

// Limiter limits what is done concurrently. It is safe for concurrent use; a nil Limiter
// admits everything.
type Limiter struct {
	slots   *Slots
	running prometheus.Gauge
	shed    *prometheus.CounterVec
}

// NewLimiter returns a limiter for the execution of operations, or nil if cfg sets no limit.
func NewLimiter(cfg Config, reg prometheus.Registerer) *Limiter {
	return newLimiter(cfg, cfg.Operations, "operations", "Operations", "executed", reg)
}

// documentWait is how long a document may wait if operations may not wait at all. It is
// several times what the most expensive document takes.
const documentWait = 250 * time.Millisecond

// NewDocumentLimiter returns a limiter for parsing and validating documents, or nil if cfg sets
// no limit. It admits one for every two processors: they do nothing else than compute, and
// cached answers need a processor, too. As many may wait as operations may be executed and
// wait.
func NewDocumentLimiter(cfg Config, reg prometheus.Registerer) *Limiter {
	slots := max(1, runtime.GOMAXPROCS(0)/2)
	cfg.Queue += cfg.Operations
	cfg.QueueWait = cmp.Or(cfg.QueueWait, documentWait)
	return newLimiter(cfg, slots, "documents", "Documents", "parsed and validated", reg)
}

func newLimiter(cfg Config, slots int, subject, title, done string, reg prometheus.Registerer) *Limiter {
	if cfg.Operations == 0 {
		return nil
	}
	waiting := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "admission_" + subject + "_waiting", Help: title + " waiting to be " + done + "."})
	g := &Limiter{
		slots: NewSlots(slots, cfg.Queue, cfg.QueueWait, waiting),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "admission_" + subject + "_running", Help: title + " being " + done + "."}),
		shed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "admission_" + subject + "_shed_total",
			Help: title + " rejected because of overload, by reason: the queue was full, or the wait too long.",
		}, []string{"reason"}),
	}
	reg.MustRegister(g.running, waiting, g.shed)
	for _, reason := range []string{reasonQueueFull, reasonQueueTimeout} {
		g.shed.WithLabelValues(reason) // at 0, so that the first rejection is a rise
	}
	return g
}

// The reasons of rejections in metrics.
const (
	reasonQueueFull    = "queue_full"
	reasonQueueTimeout = "wait_too_long"
)

var errBusy = errors.New("the concurrency limit is reached")

// Acquire waits for a slot, in order of arrival. The caller must call leave when
// it is done. The error is a [fault.Overloaded] or that of ctx.
func (g *Limiter) Acquire(ctx context.Context) (leave func(), err error) {
	if g == nil {
		return func() {}, nil
	}
	switch err := g.slots.Acquire(ctx); {
	case err == nil:
	case errors.Is(err, ErrQueueFull):
		return nil, g.refuse(reasonQueueFull)
	case errors.Is(err, ErrWaitTooLong):
		return nil, g.refuse(reasonQueueTimeout)
	default:
		return nil, err
	}
	g.running.Inc()
	return func() {
		g.running.Dec()
		g.slots.Release()
	}, nil
}

func (g *Limiter) refuse(reason string) error {
	g.shed.WithLabelValues(reason).Inc()
	return fault.New(fault.Overloaded, "", errBusy)
}
