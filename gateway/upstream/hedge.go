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
func hedge(cfg Config, f *figures, paid *budget, next roundTrip) roundTrip {
	if cfg.HedgeQuantile == 0 {
		return next
	}
	policy := hedgepolicy.NewBuilderWithDelayQuantile[outcomes](cfg.HedgeQuantile, hedgeMemory, hedgeAfter).
		CancelIf(func(o outcomes, _ error) bool { return o.final }).
		WithBudget(hedgeBudget{paid}).
		Build()
	executor := failsafe.With(policy)
	return func(r *http.Request) reply {
		if !repeatable(r) || deliveryOf(r.Context()) != nil {
			return next(r)
		}
		o, err := executor.WithContext(r.Context()).GetWithExecution(func(e failsafe.Execution[outcomes]) (outcomes, error) {
			return attemptOf(e, f, r, next), nil
		})
		if err != nil {
			return noReply(f.service, cmp.Or(context.Cause(r.Context()), err))
		}
		return o.reply
	}
}

// outcomes is the result of one attempt. If it is final, the other is not waited for.
type outcomes struct {
	reply
	final bool
}

// attemptOf makes one attempt. It runs on a goroutine of the policy, where a panic
// would end the process.
func attemptOf(e failsafe.Execution[outcomes], f *figures, r *http.Request, next roundTrip) (o outcomes) {
	defer func() {
		if v := recover(); v != nil {
			o = outcomes{noReply(f.service, fault.Recovered(f.service, v)), true}
		}
	}()
	kind := kindOf(r.Context())
	if e.IsHedge() {
		kind = hedgeAttempt
	}
	once, err := again(e.Context(), r, kind)
	if err != nil {
		return outcomes{noReply(f.service, err), true}
	}
	o.reply = next(once)
	o.final = e.Hedges() == 0 || !o.retryable()
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
