package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"tributary/gateway/fault"
)

// The states of a circuit, as values of the metric upstream_breaker_state.
const (
	circuitClosed   = 0
	circuitHalfOpen = 1 // there is nothing to try, so that the next calls are tries
	circuitOpen     = 2
)

// trialCalls is how many calls are let through at a time when only calls can tell whether
// the service works.
const trialCalls = 3

// A circuit decides whether a service is called. It is closed, which means that all calls
// are made, until the failure rate over a time window is too high. While it is open the
// prober tries the service at intervals, without any traffic, and the first good answer
// closes it. Calls fail immediately, unless a try is under way: then they wait for its
// result, but not for one that is older than QueueWait.
//
// Where the prober alone cannot tell, the next calls are tries, [trialCalls] at an interval:
// if the health check succeeds but a read fails, which may be one bad read, and if there is
// nothing to try, because the service has no health check and only writes have failed.
type circuit struct {
	cfg     Config
	figures *figures
	prober  *prober
	rate    circuitbreaker.CircuitBreaker[any] // only counts: it opens, but never half-opens
	rejects atomic.Bool                        // the state is not circuitClosed

	mu     sync.Mutex
	state  int
	epoch  int // counts openings and closings: what began before one says nothing after it
	opened time.Time
	trials int           // how many calls may be tries until the prober's next round
	tries  int           // under way, rounds of the prober and calls
	since  time.Time     // when the last try began
	result chan struct{} // closed when the tries have ended or the circuit has closed
	timer  *time.Timer   // of the next round; nil while closed
	ended  bool
}

// newCircuit returns a closed circuit, or nil if the settings disable it.
func newCircuit(cfg Config, f *figures, p *prober) *circuit {
	if cfg.BreakerRate == 0 {
		return nil
	}
	f.breaker.Set(circuitClosed)
	return &circuit{
		cfg: cfg, figures: f, prober: p, result: make(chan struct{}),
		rate: circuitbreaker.NewBuilder[any]().
			WithFailureRateThreshold(cfg.BreakerRate, cfg.BreakerCalls, cfg.BreakerWindow).
			WithDelay(forever).
			Build(),
	}
}

// isOpen reports whether the service is known to fail. A nil circuit never is.
func (c *circuit) isOpen() bool {
	if c == nil || !c.rejects.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == circuitOpen
}

// changes returns how often the circuit has opened and closed; 0 for a nil circuit.
func (c *circuit) changes() uint64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint64(c.epoch) //nolint:gosec // G115: it only grows, from 0
}

// close ends the tries and waits for those under way. The circuit stays as it is.
func (c *circuit) close() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.ended = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.prober.close()
}

// A pass admits one call.
type pass struct {
	epoch int
	trial bool
}

var errOpen = errors.New("the circuit is open")

// admit returns a pass for a call, which must be recorded, or an error. A read that is known
// to fail is no trial: the prober tries it.
func (c *circuit) admit(r *http.Request) (pass, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.state == circuitClosed:
			return pass{epoch: c.epoch}, nil
		case c.trials > 0 && !c.prober.knows(r):
			c.trials--
			c.begin()
			return pass{epoch: c.epoch, trial: true}, nil
		}
		left := time.Until(c.since.Add(c.cfg.QueueWait))
		if c.tries == 0 || left <= 0 {
			return pass{}, fault.New(fault.CircuitOpen, c.figures.service, errOpen)
		}
		if err := c.wait(r.Context(), left); err != nil {
			return pass{}, err
		}
	}
}

// wait releases the lock until the tries have a result, or for d.
func (c *circuit) wait(ctx context.Context, d time.Duration) error {
	result := c.result
	c.mu.Unlock()
	defer c.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-result:
	case <-timer.C:
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), context.Canceled) {
			return context.Cause(ctx)
		}
		return fault.New(fault.CircuitOpen, c.figures.service, errOpen)
	}
	return nil
}

// record reports how an admitted call has ended. A call that began before the circuit
// opened or closed says nothing about the service's present state and is ignored.
func (c *circuit) record(p pass, j judgement, reason string, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.epoch != c.epoch {
		return
	}
	if j == fails {
		c.prober.remember(r)
	}
	switch {
	case p.trial:
		c.tried(j)
	case j == works:
		c.rate.RecordSuccess()
	case j == fails:
		c.rate.RecordFailure()
		if c.rate.IsOpen() {
			c.opened = time.Now()
			c.epoch++
			c.set(circuitOpen)
			c.schedule()
			c.cfg.Log.Warn("circuit opened", "service", c.figures.service, "reason", reason)
		}
	}
}

// tried handles the end of a call that was a try.
func (c *circuit) tried(j judgement) {
	switch j {
	case works:
		c.shut("a call succeeded")
		return
	case fails:
		c.set(circuitOpen) // which is logged once: a circuit that is tried in vain was open all the time
		c.trials = 0
	case unknown: // the permit is for another call
		c.trials++
	}
	c.end()
}

// schedule sets the timer of the next round: in BreakerDelay, varied by a tenth so that
// gateways that opened at the same time do not try at the same time.
func (c *circuit) schedule() {
	if c.ended {
		return
	}
	delay := max(c.cfg.BreakerDelay, time.Millisecond)
	delay += time.Duration((rand.Float64() - .5) * float64(delay) / 5) //nolint:gosec // G404: nobody gains from guessing it
	epoch := c.epoch
	c.timer = time.AfterFunc(delay, func() { c.round(epoch) })
}

// round tries the service once. The next one is scheduled before this one ends: a service
// that hung answers a fresh request, not the one that it has lost.
func (c *circuit) round(epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch || c.ended {
		return
	}
	c.schedule()
	if !c.prober.begin() {
		return
	}
	c.begin()
	c.mu.Unlock()
	found := c.prober.probe()
	c.mu.Lock()
	switch {
	case epoch != c.epoch:
	case found.read == works:
		c.shut("a read that had failed succeeded")
	case found.health == works && !found.known:
		c.shut("the health check succeeded")
	default:
		c.trials = 0
		if !found.asked || found.health == works {
			c.trials = trialCalls
		}
		if !found.asked {
			c.set(circuitHalfOpen)
		}
		c.end()
	}
}

// shut closes the circuit.
func (c *circuit) shut(reason string) {
	c.timer.Stop()
	c.timer = nil
	c.rate.Close()
	c.prober.forget()
	c.epoch++
	c.tries, c.trials = 0, 0
	c.set(circuitClosed)
	c.announce()
	c.cfg.Log.Info("circuit closed", "service", c.figures.service, "reason", reason,
		"open_ms", time.Since(c.opened).Milliseconds())
}

func (c *circuit) set(state int) {
	c.state = state
	c.rejects.Store(state != circuitClosed)
	c.figures.breaker.Set(float64(state))
}

// begin and end count the tries that calls may wait for.
func (c *circuit) begin() { c.tries++; c.since = time.Now() }

func (c *circuit) end() {
	c.tries--
	if c.tries == 0 || c.trials > 0 {
		c.announce()
	}
}

// announce wakes the calls that wait for a result.
func (c *circuit) announce() {
	close(c.result)
	c.result = make(chan struct{})
}
