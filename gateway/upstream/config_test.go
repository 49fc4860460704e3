package upstream_test

import (
	"strings"
	"testing"
	"time"

	"tributary/gateway/upstream"
)

// sound is a configuration with which nothing is wrong.
func sound() upstream.Config {
	return upstream.Config{
		Timeout: time.Second, Concurrency: 1, Queue: 1, QueueWait: time.Second,
		BreakerRate: .5, BreakerCalls: 10, BreakerWindow: 10 * time.Second, BreakerDelay: time.Second,
		Retries: 2, Backoff: time.Millisecond, BackoffMax: time.Second, RetryBudget: .1, HedgeQuantile: .95,
	}
}

func TestASettingThatCannotBeUsedIsNamed(t *testing.T) {
	for name, change := range map[string]func(*upstream.Config){
		"upstream-timeout":        func(c *upstream.Config) { c.Timeout = 0 },
		"upstream-timeouts":       func(c *upstream.Config) { c.Timeouts = map[string]time.Duration{"orders": -1} },
		"upstream-least-time":     func(c *upstream.Config) { c.LeastTime = -1 },
		"upstream-max-body":       func(c *upstream.Config) { c.MaxBody = -1 },
		"upstream-concurrency":    func(c *upstream.Config) { c.Concurrency = -1 },
		"upstream-queue":          func(c *upstream.Config) { c.Queue = -1 },
		"upstream-queue-wait":     func(c *upstream.Config) { c.QueueWait = -1 },
		"upstream-breaker-rate":   func(c *upstream.Config) { c.BreakerRate = 1.1 },
		"upstream-breaker-calls":  func(c *upstream.Config) { c.BreakerCalls = 0 },
		"upstream-breaker-window": func(c *upstream.Config) { c.BreakerWindow = 0 },
		"upstream-breaker-delay":  func(c *upstream.Config) { c.BreakerDelay = -1 },
		"upstream-retries":        func(c *upstream.Config) { c.Retries = -1 },
		"upstream-backoff":        func(c *upstream.Config) { c.Backoff = -1 },
		"upstream-backoff-max":    func(c *upstream.Config) { c.BackoffMax = -1 },
		"upstream-retry-budget":   func(c *upstream.Config) { c.RetryBudget = 2 },
		"upstream-hedge-quantile": func(c *upstream.Config) { c.HedgeQuantile = 1 },
	} {
		c := sound()
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error()+" ", name+" ") && !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPolicyThatIsOffNeedsNoSettings(t *testing.T) {
	if err := (upstream.Config{Timeout: time.Second}).Validate(); err != nil {
		t.Error(err)
	}
}
