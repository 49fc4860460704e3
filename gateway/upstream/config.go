// Package upstream is the HTTP client for the services behind the gateway. It wraps
// net/http in a chain of resilience policies, one chain for each service.
//
//	books, err := upstream.NewClient("books", "http://localhost:8001", cfg, metrics)
//	body, err := books.Get(ctx, "/books/{id}", id)
//	err = upstream.DecodeObject(body, &user)
//
// # Policies
//
// A call passes these policies, from the outside in. Each wraps the next. All
// but the timeout are disabled by the zero value of their settings in [Config].
//
//   - Bulkhead: limits concurrent calls to the service. Further calls wait for a short
//     time, and are rejected if too many wait or they wait too long.
//   - Circuit breaker: rejects calls when the failure rate is too high. Then it tries the
//     service at intervals, and closes when that succeeds.
//   - Retries: failed idempotent calls, with exponential backoff and full jitter.
//     Retry-After is respected.
//   - Hedging: sends a second request when the first takes longer than a quantile of
//     earlier ones, and uses whichever response comes first. Off by default.
//   - Timeout: limits each attempt, including its body.
//
// Retries and hedged requests share a budget that bounds the load which they add.
// Nothing is attempted for which too little of the context's deadline is left.
//
// # Errors
//
// A 404 or 410 is [ErrNotFound], unless its body is a page, which may be a proxy's. All
// other errors are *fault.Error with the name of the service and a kind that says what
// went wrong. Error texts contain nothing that the service sent, so they are safe to log.
package upstream

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/heap"
)

// Config has the settings of upstream calls. Services share no state: each has its own
// bulkhead, circuit breaker and retry budget, and [Overrides] may give it values of its
// own. The zero value of a policy's setting disables it; Timeout and MaxBody default
// to 2 s and 8 MiB.
type Config struct {
	Overrides Overrides `name:"upstream-overrides" placeholder:"SERVICE.SETTING=VALUE;..." help:"Per-service values for the upstream settings below, as in books.timeout=3s;books.retries=0;authors.hedge-quantile=0.95."`

	Timeout   time.Duration `name:"upstream-timeout" default:"2s" help:"Time limit for one attempt at a call; never more than nine tenths of request-timeout."`
	LeastTime time.Duration `name:"upstream-least-time" default:"5ms" help:"An attempt is not started when less than this remains of the request's time."`
	MaxBody   int64         `name:"upstream-max-body" default:"8388608" help:"Maximum size of a response from a service, in bytes."`
	BodiesMB  int           `name:"upstream-bodies-mb" default:"64" help:"Maximum size of all responses of services that are being read or decoded, in MiB; reading further ones waits. 0: no limit."`

	Concurrency int           `name:"upstream-concurrency" default:"256" help:"Maximum number of concurrent calls to one service; a single operation may use half of them. 0: no limit."`
	Queue       int           `name:"upstream-queue" default:"2048" help:"Maximum number of calls that wait for one of these; more are rejected."`
	QueueWait   time.Duration `name:"upstream-queue-wait" default:"500ms" help:"How long a call may wait before it is rejected."`

	BreakerRate   float64       `name:"upstream-breaker-rate" default:"0.5" help:"Failure rate that opens a service's circuit breaker. 0: no circuit breaker."`
	BreakerCalls  uint          `name:"upstream-breaker-calls" default:"10" help:"Minimum number of calls in the window before the circuit breaker may open."`
	BreakerWindow time.Duration `name:"upstream-breaker-window" default:"10s" help:"Window over which the failure rate is measured."`
	BreakerDelay  time.Duration `name:"upstream-breaker-delay" default:"1s" help:"How often the gateway tries a service whose circuit breaker is open."`

	Retries     int           `name:"upstream-retries" default:"2" help:"Maximum number of retries of a failed call. 0: no retries."`
	Backoff     time.Duration `name:"upstream-backoff" default:"25ms" help:"Upper bound of the random wait before the first retry; it doubles with each retry."`
	BackoffMax  time.Duration `name:"upstream-backoff-max" default:"250ms" help:"Upper bound of the random wait before any retry. A Retry-After from the service is added to it."`
	RetryBudget float64       `name:"upstream-retry-budget" default:"0.1" help:"Retries and hedged requests allowed per call, on average: 0.1 adds at most 10 % to the load of a service."`

	HedgeQuantile float64 `name:"upstream-hedge-quantile" default:"0" help:"Send a second, hedged request when a call takes longer than this quantile of earlier calls, such as 0.95. 0: no hedging."`

	ConnectionAge time.Duration `name:"upstream-connection-age" default:"1m" help:"Connections to a service are replaced when they are this old, so that changes of DNS are followed. 0: never."`

	RequestTimeout time.Duration     `kong:"-"` // time limit for a whole request, and so for each attempt; 0: none
	Log            *slog.Logger      `kong:"-"` // tells of circuits that open or close; nil: none
	Bodies         *admission.Budget `kong:"-"` // shared by all clients; nil: no limit
	ShowExchanges  bool              `kong:"-"` // record headers and bodies for traces that clients ask for; in development only

	// Faults, if not nil, breaks requests of a service on purpose: it is what sends them,
	// around next. health is the path of the health check.
	Faults func(service, health string, next http.RoundTripper) http.RoundTripper `kong:"-"`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	switch {
	case c.Timeout <= 0:
		return errors.New("upstream-timeout must be more than 0")
	case c.MaxBody < 0:
		return errors.New("upstream-max-body must not be negative")
	case c.BodiesMB < 0:
		return errors.New("upstream-bodies-mb must not be negative")
	case c.Concurrency < 0:
		return errors.New("upstream-concurrency must not be negative")
	case c.Queue < 0:
		return errors.New("upstream-queue must not be negative")
	case !isPart(c.BreakerRate):
		return errors.New("upstream-breaker-rate must be between 0 and 1")
	case c.BreakerRate > 0 && c.BreakerCalls == 0:
		return errors.New("upstream-breaker-calls must be more than 0")
	case c.BreakerRate > 0 && c.BreakerWindow < time.Second:
		return errors.New("upstream-breaker-window must be 1s or more")
	case c.Retries < 0:
		return errors.New("upstream-retries must not be negative")
	case !isPart(c.RetryBudget):
		return errors.New("upstream-retry-budget must be between 0 and 1")
	case !isPart(c.HedgeQuantile) || c.HedgeQuantile == 1:
		return errors.New("upstream-hedge-quantile must be at least 0 and less than 1")
	}
	if err := c.validateTimes(); err != nil {
		return err
	}
	return c.validateOverrides()
}

// Budgets returns the memory that the settings permit to responses: a body, and what is
// decoded of it, which takes up to twice as much.
func (c Config) Budgets() []heap.Budget {
	return []heap.Budget{heap.InMiB("BFF_UPSTREAM_BODIES_MB", c.BodiesMB, 3)}
}

// isPart reports whether v is a fraction between 0 and 1; NaN is not.
func isPart(v float64) bool { return v >= 0 && v <= 1 }

func (c Config) validateTimes() error {
	for _, setting := range []struct {
		name  string
		value time.Duration
	}{
		{"upstream-least-time", c.LeastTime},
		{"upstream-queue-wait", c.QueueWait},
		{"upstream-breaker-delay", c.BreakerDelay},
		{"upstream-connection-age", c.ConnectionAge},
		{"upstream-backoff", c.Backoff},
		{"upstream-backoff-max", c.BackoffMax},
	} {
		if setting.value < 0 {
			return fmt.Errorf("%s must not be negative", setting.name)
		}
	}
	return nil
}

// withDefaults sets the values that cannot be zero, and limits an attempt to nine tenths of
// the time of a whole request: if it could take longer it would never time out, and the
// circuit breaker would not notice that the service hangs.
func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.RequestTimeout > 0 {
		c.Timeout = min(c.Timeout, c.RequestTimeout*9/10)
	}
	if c.MaxBody == 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

const (
	defaultTimeout = 2 * time.Second
	defaultMaxBody = 8 << 20
)
