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

// How a hedge learns what slow is: from about so many attempts, and not before
// it has seen so many.
const (
	hedgeMemory = 1000
	hedgeAfter  = 50
)

// hedge makes a repeatable attempt once more beside itself when it takes
// longer than most before it, and gives the answer that is first. A failure
// before that is the caller's to retry; after that the other attempt decides.
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
		if !repeatable(r) {
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

// outcomes is what came of one of the attempts; final, when no other is to be
// waited for.
type outcomes struct {
	resp  *http.Response
	err   error
	final bool
}

// attemptOf makes one attempt, in a goroutine of the policy's: a panic there
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

// hedgeBudget lets hedges be paid from the budget of retries. The policy wants
// to be told of calls and of ends, too, which ours has no use for.
type hedgeBudget struct{ paid *budget }

func (h hedgeBudget) TryAcquirePermit() bool { return h.paid.spend() }
func (hedgeBudget) ReleasePermit()           {}
func (hedgeBudget) RecordExecution()         {}
func (hedgeBudget) ReleaseExecution()        {}
func (hedgeBudget) Rate() float64            { return 0 }

func (hedgeBudget) OnBudgetExceeded(failsafebudget.ExecutionType, failsafe.ExecutionInfo) {}
