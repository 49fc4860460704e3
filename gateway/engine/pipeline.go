package engine

import (
	"context"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
	"tributary/gateway/waterfall"
)

// stages is the way of an operation to its result, from the outside to the inside. Each stage
// either gives the result itself or leaves it to those after it; [Engine.execute] is the last.
//
// A response from the cache was held to the limits when it was built, and is served under any
// load. So the response cache comes before admission, and before what needs the values of
// variables.
func (e *Engine) stages() []stage {
	return []stage{
		collectTrace, // extensions.trace, of all stages below
		e.observe,    // the span, the metrics and the request log of the operation

		check(e.resolveDocument), // an id or a hash becomes a text
		check(e.checkTrust),      // of the text, before it is parsed
		check(e.loadDocument),    // from the cache, or parsed, held to its limits, and validated
		check(e.selectOperation), // by operationName and by what the transport can do
		e.trackWrites,            // of mutations: idempotency key, outcomes, what was purged
		check(e.decodeVariables), // those that the operation declares

		e.reportCost,       // extensions.cost, of whatever result
		e.applyAccessRules, // fields that the viewer may not see become null
		e.detach,           // subscriptions have no deadline
		discardIfCanceled,  // for a client that has disconnected
		e.cacheResponse,    // queries only

		e.limitClient, // concurrent operations of one client
		e.admit,       // concurrent operations of all clients
		revalidate,    // parts that expired while the others were loaded

		check(e.coerceVariables), // to the types of the schema
		check(e.checkSize),       // the expected number of fields; introspection
		check(e.checkCost),       // calls to services
	}
}

// handler gives the result of an operation.
type handler func(ctx context.Context, op *operation) *Result

// stage returns a handler that does its part and leaves the rest to next.
type stage func(next handler) handler

// chain returns the handler of all stages, of which last is the innermost.
func chain(stages []stage, last handler) handler {
	for _, s := range slices.Backward(stages) {
		last = s(last)
	}
	return last
}

// step adds what it finds to an operation, or refuses it.
type step func(ctx context.Context, op *operation) *refusal.Refusal

// check is the stage of a step.
func check(s step) stage {
	return func(next handler) handler {
		return func(ctx context.Context, op *operation) *Result {
			if why := s(ctx, op); why != nil {
				return Refused(why)
			}
			return next(ctx, op)
		}
	}
}

// collectTrace collects the spans of the operation for clients that may see them. The result
// is not cached with its trace, which belongs to this request.
func collectTrace(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		if !op.Trace {
			return next(ctx, op)
		}
		ctx, collection := tracing.StartRecording(ctx)
		result := *next(ctx, op) // a copy, since a cached result is shared
		spans := collection.Spans()
		result.Trace = waterfall.New(spans, collection.Dropped())
		result.Trace.FromResponseCache = result.cached != nil && !slices.ContainsFunc(spans, func(s tracing.Record) bool { return s.Step == tracing.Execute })
		result.cached = nil
		return &result
	}
}

// reportCost adds the cost to the result, even if the operation is refused for it or served
// from the response cache.
func (e *Engine) reportCost(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		if !op.Cost {
			return next(ctx, op)
		}
		result := *next(ctx, op) // a copy, since a cached result is shared
		result.cached = nil
		if op.cost == nil || len(op.denied) > 0 { // it was not computed, or not for all fields
			whole := *op
			whole.cost, whole.denied = nil, nil
			_ = firstRefusal(ctx, &whole, e.coerceVariables, e.checkSize, e.checkCost)
			op.cost = whole.cost
		}
		result.Cost = op.cost
		return &result
	}
}

// detach frees subscriptions from the deadline of their request: they end with their client,
// or when the gateway stops.
func (e *Engine) detach(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		if !op.isSubscription() {
			return next(ctx, op)
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		defer context.AfterFunc(op.Listener.Gone, cancel)()
		defer context.AfterFunc(op.Listener.Draining, cancel)()
		return next(ctx, op)
	}
}

// discardIfCanceled turns a result with errors into a canceled one if the client has
// disconnected, so that it counts neither as an answer nor as a failure. Bugs and failures of
// services on the way have been logged by then.
func discardIfCanceled(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		result := next(ctx, op)
		if op.isSubscription() || result.Data == nil || len(result.Errors) == 0 || !fault.ClientGone(ctx) {
			return result
		}
		canceled := Refused(refusal.From(&fault.Error{Kind: fault.Canceled}))
		canceled.Summary, canceled.Sent = result.Summary, result.Sent
		return canceled
	}
}

// limitClient bounds the concurrent operations, subscriptions included, of each client.
func (e *Engine) limitClient(next handler) handler {
	if e.clients == nil {
		return next
	}
	return func(ctx context.Context, op *operation) *Result {
		leave, err := e.clients.Enter(ctx)
		if err != nil {
			return Refused(refusal.From(err))
		}
		defer leave()
		return next(ctx, op)
	}
}

// admit bounds the concurrent operations of all clients. A subscription takes no slot, since
// it would hold it for hours.
func (e *Engine) admit(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		if op.isSubscription() {
			return next(ctx, op)
		}
		leave, err := e.gate.Acquire(ctx)
		if err != nil {
			return Refused(refusal.NotAdmitted(err))
		}
		defer leave()
		return next(ctx, op)
	}
}

// revalidate records when a result was completed, and ensures that it is still fresh then:
// entries that were fresh when they were read may expire while the slowest part is being
// loaded. Such an operation is executed a second time, which loads only the expired parts. A
// mutation is not, nor is an operation with failures, since that would call failing services
// again, or one that was already sent in parts; their expired parts are marked as stale.
func revalidate(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		if op.isSubscription() {
			return next(ctx, op)
		}
		start, rep := time.Now(), report.From(ctx)
		result := next(ctx, op)
		if len(rep.Overdue(time.Now())) > 0 && op.repeatable(result) && ctx.Err() == nil {
			rep.Again()
			result = next(ctx, op)
		}
		now := time.Now()
		for _, use := range rep.Overdue(now) {
			rep.AddStale(use.Service, now.Sub(use.Answered))
			result.Summary = rep.Summary()
		}
		result.Made, result.Took = now, now.Sub(start)
		return result
	}
}

// repeatable reports whether an operation may be executed once more, given its result.
func (op *operation) repeatable(r *Result) bool {
	return !r.Sent && op.definition.Operation != ast.Mutation && len(r.Errors) == 0 && len(r.Summary.Degraded) == 0
}
