package upstream

import (
	"cmp"
	"context"
	"net/http"

	"github.com/failsafe-go/failsafe-go"
	failsafebudget "github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"

	"tributary/gateway/fault"
)

// The hedging delay is a quantile over about the last hedgeMemory attempts. Nothing is
// hedged before hedgeAfter attempts were measured.
const (
	hedgeMemory = 1000
	hedgeAfter  = 50
)

// hedge sends a repeatable request a second time, in parallel, when the first takes
// longer than the quantile of earlier ones, and returns whichever response comes first.
// A failure before the hedge is sent is returned, for the caller to retry; after that,
// the other attempt decides.
func hedge(cfg Config, paid *budget, next http.RoundTripper) http.RoundTripper {
	if cfg.HedgeQuantile == 0 {
		return next
	}
	policy := hedgepolicy.NewBuilderWithDelayQuantile[outcomes](cfg.HedgeQuantile, hedgeMemory, hedgeAfter).
		CancelIf(func(o outcomes, _ error) bool { return o.final }).
		WithBudget(hedgeBudget{paid}).
		Build()
	executor := failsafe.With(policy)
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		if !repeatable(r) || deliveryOf(r.Context()) != nil {
			return next.RoundTrip(r)
		}
		o, err := executor.WithContext(r.Context()).GetWithExecution(func(e failsafe.Execution[outcomes]) (outcomes, error) {
			return attemptOf(e, r, next), nil
		})
		if err != nil {
			return nil, cmp.Or(context.Cause(r.Context()), err)
		}
		return o.resp, o.err
	})
}

// outcomes is the result of one attempt. If it is final, the other is not waited for.
type outcomes struct {
	resp  *http.Response
	err   error
	final bool
}

// attemptOf makes one attempt. It runs on a goroutine of the policy, where a panic
// would end the process.
func attemptOf(e failsafe.Execution[outcomes], r *http.Request, next http.RoundTripper) (o outcomes) {
	defer func() {
		if v := recover(); v != nil {
			o = outcomes{err: fault.Recovered("", v), final: true}
		}
	}()
	kind := kindOf(r.Context())
	if e.IsHedge() {
		kind = hedgeAttempt
	}
	once, err := again(e.Context(), r, kind)
	if err != nil {
		return outcomes{err: err, final: true}
	}
	o.resp, o.err = next.RoundTrip(once) //nolint:bodyclose // Buffer has closed it
	o.final = e.Hedges() == 0 || !retryable("", o.resp, o.err)
	return o
}

// hedgeBudget adapts the budget of retries to the hedge policy. Our budget does not need
// the policy's other notifications.
type hedgeBudget struct{ paid *budget }

func (h hedgeBudget) TryAcquirePermit() bool { return h.paid.spend() }
func (hedgeBudget) ReleasePermit()           {}
func (hedgeBudget) RecordExecution()         {}
func (hedgeBudget) ReleaseExecution()        {}
func (hedgeBudget) Rate() float64            { return 0 }

func (hedgeBudget) OnBudgetExceeded(failsafebudget.ExecutionType, failsafe.ExecutionInfo) {}
