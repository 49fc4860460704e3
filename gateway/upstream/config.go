// Package upstream makes the HTTP clients with which the gateway asks its
// services: one chain of policies around net/http for each.
package upstream

import (
	"errors"
	"fmt"
	"time"
)

// Config is what an operator may set about calls to upstreams. Each service
// has all of it to itself: bulkhead, breaker and budget are never shared, and
// [Overrides] may give it values of its own. The zero value of a policy
// switches it off; timeout and body keep their defaults.
type Config struct {
	Overrides Overrides `name:"upstream-overrides" placeholder:"SERVICE.SETTING=VALUE;..." help:"Other values of the settings that begin with upstream for single services, as in orders.timeout=3s;orders.retries=0;products.hedge-quantile=0.95."`

	Timeout   time.Duration `name:"upstream-timeout" default:"2s" help:"How long one attempt at one upstream call may take; never longer than a whole request."`
	LeastTime time.Duration `name:"upstream-least-time" default:"5ms" help:"How much of a request's time must be left for an attempt to be worth its while."`
	MaxBody   int64         `name:"upstream-max-body" default:"8388608" help:"How many bytes the answer of an upstream may have."`

	Concurrency int           `name:"upstream-concurrency" default:"256" help:"How many calls to one service may be under way at once, those of one operation half as many; 0 sets no limit."`
	Queue       int           `name:"upstream-queue" default:"2048" help:"How many more calls to one service may wait for their turn."`
	QueueWait   time.Duration `name:"upstream-queue-wait" default:"500ms" help:"How long a call may wait for its turn."`

	BreakerRate   float64       `name:"upstream-breaker-rate" default:"0.5" help:"Which part of the calls to a service must fail for it not to be asked for a moment; 0 asks always."`
	BreakerCalls  uint          `name:"upstream-breaker-calls" default:"10" help:"How many calls it takes to tell."`
	BreakerWindow time.Duration `name:"upstream-breaker-window" default:"10s" help:"The time over which these calls are counted."`
	BreakerDelay  time.Duration `name:"upstream-breaker-delay" default:"1s" help:"How long a service that failed too often is left alone before it is tried."`

	Retries     int           `name:"upstream-retries" default:"2" help:"How often a call that failed may be tried again; 0 never."`
	Backoff     time.Duration `name:"upstream-backoff" default:"25ms" help:"The longest wait before the first retry; it doubles with each."`
	BackoffMax  time.Duration `name:"upstream-backoff-max" default:"250ms" help:"The longest wait before any retry, unless the service asks for more."`
	RetryBudget float64       `name:"upstream-retry-budget" default:"0.1" help:"How many retries and hedges each call pays for, over time."`

	HedgeQuantile float64 `name:"upstream-hedge-quantile" default:"0" help:"A call slower than this part of those before it (0.95, say) is made once more beside itself; 0 never."`

	RequestTimeout time.Duration `kong:"-"` // how long a whole request may take, and so an attempt at most; 0: any time
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	switch {
	case c.Timeout <= 0:
		return errors.New("upstream-timeout must be more than 0")
	case c.MaxBody < 0:
		return errors.New("upstream-max-body must not be negative")
	case c.Concurrency < 0:
		return errors.New("upstream-concurrency must not be negative")
	case c.Queue < 0:
		return errors.New("upstream-queue must not be negative")
	case c.BreakerRate < 0 || c.BreakerRate > 1:
		return errors.New("upstream-breaker-rate must be between 0 and 1")
	case c.BreakerRate > 0 && c.BreakerCalls == 0:
		return errors.New("upstream-breaker-calls must be more than 0")
	case c.BreakerRate > 0 && c.BreakerWindow < time.Second:
		return errors.New("upstream-breaker-window must be 1s or more")
	case c.Retries < 0:
		return errors.New("upstream-retries must not be negative")
	case c.RetryBudget < 0 || c.RetryBudget > 1:
		return errors.New("upstream-retry-budget must be between 0 and 1")
	case c.HedgeQuantile < 0 || c.HedgeQuantile >= 1:
		return errors.New("upstream-hedge-quantile must be at least 0 and less than 1")
	}
	if err := c.validateTimes(); err != nil {
		return err
	}
	return c.validateOverrides()
}

func (c Config) validateTimes() error {
	for _, setting := range []struct {
		name  string
		value time.Duration
	}{
		{"upstream-least-time", c.LeastTime},
		{"upstream-queue-wait", c.QueueWait},
		{"upstream-breaker-delay", c.BreakerDelay},
		{"upstream-backoff", c.Backoff},
		{"upstream-backoff-max", c.BackoffMax},
	} {
		if setting.value < 0 {
			return fmt.Errorf("%s must not be negative", setting.name)
		}
	}
	return nil
}

// withDefaults fills in what has no value that switches it off. An attempt that
// could outlast every request would never be seen to time out, and the breaker
// never learn that it hangs.
func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.RequestTimeout > 0 {
		c.Timeout = min(c.Timeout, c.RequestTimeout)
	}
	if c.MaxBody == 0 {
		c.MaxBody = defaultMaxBody
	}
	return c
}

const (
	defaultTimeout = 2 * time.Second
	defaultMaxBody = 8 << 20
)
