package upstream_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// sound returns a valid configuration.
func sound() upstream.Config {
	return upstream.Config{
		Timeout: time.Second, Concurrency: 1, Queue: 1, QueueWait: time.Second,
		BreakerRate: .5, BreakerCalls: 10, BreakerWindow: 10 * time.Second, BreakerDelay: time.Second,
		Retries: 2, Backoff: time.Millisecond, BackoffMax: time.Second, RetryBudget: .1, HedgeQuantile: .95,
	}
}

func TestConfig_InvalidIsNamed(t *testing.T) {
	for name, change := range map[string]func(*upstream.Config){
		"upstream-timeout":        func(c *upstream.Config) { c.Timeout = 0 },
		"upstream-overrides":      func(c *upstream.Config) { c.Overrides = upstream.Overrides{"drafts.timeout": "-1s"} },
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

func TestConfig_LongestAttempt(t *testing.T) {
	for want, cfg := range map[time.Duration]upstream.Config{
		2 * time.Second:         {},
		time.Second:             {Timeout: time.Second, Overrides: upstream.Overrides{"drafts.timeout": "300ms", "drafts.retries": "1"}},
		3 * time.Second:         {Timeout: time.Second, Overrides: upstream.Overrides{"drafts.timeout": "3s", "poets.timeout": "2s"}},
		4500 * time.Millisecond: {Timeout: time.Second, RequestTimeout: 5 * time.Second, Overrides: upstream.Overrides{"drafts.timeout": "1m"}},
	} {
		if got := cfg.LongestAttempt(); got != want {
			t.Errorf("%+v: %v, want %v", cfg, got, want)
		}
	}
}

func TestConfig_DisabledPolicy(t *testing.T) {
	if err := (upstream.Config{Timeout: time.Second}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestOverrides_EverySetting(t *testing.T) {
	values := map[reflect.Type]string{
		reflect.TypeFor[time.Duration](): "7s", reflect.TypeFor[int](): "7", reflect.TypeFor[uint](): "7",
		reflect.TypeFor[int64](): "7", reflect.TypeFor[float64](): "0.7",
	}
	for field := range reflect.TypeFor[upstream.Config]().Fields() {
		name, named := strings.CutPrefix(field.Tag.Get("name"), "upstream-")
		if !named {
			continue
		}
		c := sound()
		c.Overrides = upstream.Overrides{"drafts." + name: values[field.Type]}
		if err := c.Validate(); err != nil && name != "overrides" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOverrides_InvalidIsNamed(t *testing.T) {
	for key, value := range map[string]string{
		"drafts": "3s", ".timeout": "3s", "drafts.": "3s", "drafts.tmeout": "3s", "drafts.upstream-timeout": "3s",
		"drafts.timeout": "soon", "drafts.retries": "many", "drafts.hedge-quantile": "1", "drafts.overrides": "{}",
	} {
		c := sound()
		c.Overrides = upstream.Overrides{key: value}
		service, _, _ := strings.Cut(key, ".")
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "upstream-overrides:") || !strings.Contains(err.Error(), service) {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}

// The zero value of a setting disables its policy, for one service as for all.
func TestOverrides_OneService(t *testing.T) {
	cfg := once
	cfg.Retries, cfg.RetryBudget = 1, 1
	cfg.Overrides = upstream.Overrides{"things.retries": "3", "others.retries": "0", "others.max-body": "1"}
	c := over(t, cfg, faultyupstream.First(3, faultyupstream.Answer(500, ""), well))
	if got := c.get(t.Context()); got != "ok" || c.attempts() != 4 {
		t.Errorf("got %s by %d requests", got, c.attempts())
	}
}
