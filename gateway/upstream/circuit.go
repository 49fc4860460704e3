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

// Trials are calls of clients that are let through while the circuit is not closed.
const (
	trialCalls  = 3 // at an interval, unless the health check fails
	trialRounds = 3 // if it does, one call in so many intervals
)

// A circuit decides whether a service is called. It is closed, which means that all calls
// are made, until the failure rate over a time window is too high. While it is open the
// prober tries the service at intervals, without any traffic. Other calls fail immediately,
// unless a try is under way: then they wait for its result, but not for one that is older
// than QueueWait, and not for longer than that in all.
//
// What closes it:
//
//   - A read that had failed succeeds.
//   - The health check succeeds, if it has failed since the circuit opened, or if no read is
//     known to fail. Otherwise it says nothing: it succeeded all the time.
//   - A trial succeeds. Trials are reads that are not known to fail, so that one bad read does
//     not shut out all others, and writes if the health check succeeds, or if there is nothing
//     that the prober can try.
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
	rounds int           // of the prober, since the circuit opened
	health judgement     // the latest result of the health check since the circuit opened
	trials int           // how many calls may be trials
	tries  int           // under way, rounds of the prober and trials
	since  time.Time     // when the last try began
	result chan struct{} // closed when the tries have ended, trials are allowed, or the circuit has closed
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

// isClosed reports whether all calls are made. A nil circuit is closed.
func (c *circuit) isClosed() bool { return c == nil || !c.rejects.Load() }

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

// admit returns a pass for a call, which must be recorded, or an error.
func (c *circuit) admit(r *http.Request) (pass, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var deadline time.Time // computed once: later tries do not prolong the wait
	for {
		switch {
		case c.state == circuitClosed:
			return pass{epoch: c.epoch}, nil
		case c.mayTry(r):
			c.trials--
			c.begin()
			return pass{epoch: c.epoch, trial: true}, nil
		case deadline.IsZero():
			deadline = c.deadline(r.Context())
		}
		left := time.Until(deadline)
		if c.tries == 0 || left <= 0 {
			return pass{}, fault.New(fault.CircuitOpen, c.figures.service, errOpen)
		}
		if err := c.wait(r.Context(), left); err != nil {
			return pass{}, err
		}
	}
}

// deadline returns until when a call that comes now may wait for a result: for one that is at
// most QueueWait old then, and for at most QueueWait, less what it has waited in the bulkhead.
func (c *circuit) deadline(ctx context.Context) time.Time {
	start := time.Now().Add(-queued(ctx))
	if c.since.Before(start) {
		start = c.since
	}
	return start.Add(c.cfg.QueueWait)
}

// mayTry reports whether a call may be a trial. The prober tries reads that are known to fail.
func (c *circuit) mayTry(r *http.Request) bool {
	if c.trials == 0 || !isRead(r) && c.state != circuitHalfOpen && c.health != works {
		return false
	}
	return !c.prober.knows(r)
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
			c.rounds, c.health = 0, unknown
			c.set(circuitOpen)
			c.schedule()
			c.cfg.Log.Warn("circuit opened", "service", c.figures.service, "reason", reason)
		}
	}
}

// tried handles the end of a trial.
func (c *circuit) tried(j judgement) {
	switch j {
	case works:
		c.shut("a call succeeded")
		return
	case fails:
		c.set(circuitOpen) // which is logged once: a circuit that is tried in vain was open all the time
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
	delay += time.Duration((rand.Float64() - .5) * float64(delay) / 5) //nolint:gosec // G404: it is no secret
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
	tries, ok := c.prober.begin()
	if !ok {
		return
	}
	c.rounds++
	c.begin()
	if c.prober.health == nil {
		if tries.read == nil {
			c.set(circuitHalfOpen)
		}
		c.allow(trialCalls)
	}
	c.mu.Unlock()
	tries.try(func(f finding) (decided bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if epoch == c.epoch {
			c.found(f)
		}
		return epoch != c.epoch
	})
	c.mu.Lock()
	if epoch == c.epoch {
		c.end()
	}
}

// found handles the result of one try of the prober.
func (c *circuit) found(f finding) {
	switch {
	case f.isRead && f.said == works:
		c.shut("a read that had failed succeeded")
	case f.isRead:
	case f.said == works && (c.health == fails || !c.prober.keepsReads()):
		c.shut("the health check succeeded")
	case f.said == fails:
		c.health = fails
		if c.trials = min(c.trials, 1); c.rounds%trialRounds == 0 {
			c.allow(1)
		}
	default:
		c.health = max(c.health, f.said) // which remains what it was if this is unknown
		c.allow(trialCalls)
	}
}

// allow permits n trials until the next round.
func (c *circuit) allow(n int) {
	c.trials = n
	c.announce()
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
