package engine

import (
	"cmp"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
)

// execute is the last stage: it executes an operation within the limits of a response.
func (e *Engine) execute(ctx context.Context, op *operation) *Result {
	if op.isSubscription() {
		return e.subscribe(ctx, op)
	}
	meter := op.policy.limits.Meter(ctx, op.until)
	defer meter.Release()
	ctx, done := startExecute(meter, op.execution)
	defer done()
	ctx, deferral := op.deferrable(ctx)
	defer e.metrics.time(phaseExecute)()
	defer e.logFailures(ctx)
	respond, ctx := e.exec.DispatchOperation(ctx, op.execution)
	resp := respond(ctx)
	if why := meter.Stopped(); why != nil {
		return stopped(op.policy.limits, why)
	}
	if resp == nil {
		return Refused(refusal.Timeout())
	}
	if resp.Data == nil {
		return failedToStart(resp.Errors)
	}
	result := &Result{
		Data: resp.Data, Errors: resp.Errors, Omitted: meter.ErrorsOmitted(),
		Summary: report.From(ctx).Summary(), document: meter.Document(),
	}
	if tooLong(op.policy.limits, result) {
		return Refused(op.policy.limits.ResponseTooLong())
	}
	if deferral != nil && deferral.Pending() {
		return op.deliver(ctx, result, deferral)
	}
	return result
}

// failedToStart returns the result of an operation that failed before any of its fields was
// executed.
func failedToStart(errs gqlerror.List) *Result {
	return &Result{Errors: errs, Refused: &refusal.Refusal{Kind: fault.Internal, Errors: errs}}
}

// stopped returns the result of an operation that a meter has stopped for a reason.
func stopped(l *limits.Checker, why error) *Result {
	return Refused(cmp.Or(l.Stopped(why), refusal.Timeout()))
}

// tooLong reports whether the response to a completed operation is too long. A meter looks
// at the data alone, and only if the code of the schema was rewritten by cmd/trib/internal/lean.
func tooLong(l *limits.Checker, r *Result) bool { return r.encode().Size() > l.Response }

// withLoaders opens a scope for the loaders of each response, which its parts share, and starts
// the look-ahead.
func withLoaders(plan *lookahead.Plan) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		ctx = batch.WithScope(ctx)
		plan.Start(ctx)
		return next(ctx)
	}
}

// Incremental receives the response of an operation with @defer in parts.
type Incremental struct {
	Reserved int // number of parts that the transport sends besides those of the operation

	// First receives the first part. An error of it or of Next ends the operation.
	First func(ctx context.Context, first *Result) error
	// Next receives the parts that are ready, and whether there will be more. The number of
	// errors omitted and the summary are those of all parts so far.
	Next func(ready []execute.Part, more bool, omitted int, summary report.Summary) error
}

// deferrable returns a context for executing op in parts, and what delivers them. It
// returns ctx and nil if the client takes no parts, or the document has none.
func (op *operation) deferrable(ctx context.Context) (context.Context, *execute.Deferral) {
	if op.Incremental == nil || op.document.WithDefer == nil {
		return ctx, nil
	}
	return execute.NewDeferral(ctx, op.document.Defers, op.policy.limits.Parts-op.Incremental.Reserved-1)
}

// deliver sends the first result and the parts after it as they become ready. It returns
// when all have been sent, or when the client takes no more, with a result for metrics and
// logs only, which has the errors and the summary of all parts. An operation that exceeds a
// limit ends with a part that says so.
func (op *operation) deliver(ctx context.Context, first *Result, rest *execute.Deferral) *Result {
	if fault.ClientGone(ctx) {
		return Refused(refusal.From(&fault.Error{Kind: fault.Canceled}))
	}
	whole, rep := *first, report.From(ctx)
	whole.Sent = true
	if op.Incremental.First(ctx, first) != nil {
		return &whole
	}
	meter := execute.MeterOf(ctx)
	for ready, more := range rest.Parts {
		if why := meter.Stopped(); why != nil {
			ready, more = ready[:1], false
			ready[0].Data, ready[0].Errors = []byte("null"), stopped(op.policy.limits, why).Errors
		}
		for _, part := range ready {
			whole.Errors = append(whole.Errors, part.Errors...)
		}
		if op.Incremental.Next(ready, more, meter.ErrorsOmitted(), rep.Summary()) != nil || !more {
			break
		}
	}
	whole.Summary = rep.Summary()
	return &whole
}
