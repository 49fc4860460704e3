package upstream

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// A panic in a policy leaks no place in the bulkhead and no permit of a circuit, and
// does not end the process, even on a goroutine of a policy.
func TestPanic_InPolicy(t *testing.T) {
	for name, quantile := range map[string]float64{"in the caller's goroutine": 0, "in that of a hedge": .9} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Timeout: time.Second, Concurrency: 1, BreakerRate: .5, BreakerCalls: 2, BreakerWindow: time.Minute,
				BreakerDelay: time.Hour, Retries: 1, RetryBudget: 1, HedgeQuantile: quantile}
			f := NewMetrics(prometheus.NewRegistry()).of("things")
			paid := newBudget(cfg.RetryBudget, f)
			broken := true
			policy := func(*http.Request) reply {
				if broken {
					panic("in the network")
				}
				return reply{status: http.StatusOK}
			}
			chain := measure(f, bulkhead(cfg, f, breaker(newCircuit(cfg, f, &prober{}), 0, retry(cfg, paid, hedge(cfg, f, paid, attempt(cfg, f, policy))))))
			call := func() (err error) {
				defer func() {
					if v := recover(); v != nil { // as the loader does
						err = fault.Recovered("things", v)
					}
				}()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://things.example.com/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				return chain(r).err
			}
			for range 5 {
				if p, ok := errors.AsType[*fault.Panic](call()); !ok || p.Value != "in the network" || len(p.Stack) == 0 {
					t.Errorf("got %+v", p)
				}
			}
			broken = false
			if err := call(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}
