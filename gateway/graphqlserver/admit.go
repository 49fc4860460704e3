package graphqlserver

import (
	"context"
	"errors"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// admitted executes a query once gate admits it. It is placed behind the response
// cache, so that cached responses are served under any load.
func admitted(gate *admission.Gate, next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		leave, refused := enter(ctx, gate)
		if refused != nil {
			return refused
		}
		defer leave()
		return next(ctx, q)
	}
}

// limited executes a query, or a subscription, unless its client has as many under way as it
// may.
func limited(clients *admission.Clients, next execution) execution {
	if clients == nil {
		return next
	}
	return func(ctx context.Context, q *query) *Result {
		leave, err := clients.Enter(ctx)
		if err != nil {
			f := fault.From(err)
			return refuseOne(f.Kind, f.Public())
		}
		defer leave()
		return next(ctx, q)
	}
}

// enter waits for gate to admit its caller, which must call leave when it is done. A
// result is why it is not admitted.
func enter(ctx context.Context, gate *admission.Gate) (leave func(), refused *Result) {
	leave, err := gate.Enter(ctx)
	if f, overloaded := errors.AsType[*fault.Error](err); overloaded {
		return nil, refuseOne(f.Kind, f.Public())
	}
	if err != nil {
		return nil, outOfTime()
	}
	return leave, nil
}

// outOfTime is the result of an operation whose deadline passed before it was executed.
func outOfTime() *Result {
	return &Result{Data: []byte("null"), Errors: gqlerror.List{coded(fault.Timeout, "the request took too long")}}
}

// Overload returns why the operation was rejected if too many are under way: of all clients
// ([fault.Overloaded]), or of its own ([fault.Throttled]). It may be retried after a moment. It
// is nil for a mutation that was stopped after a write, because proxies repeat what is answered so.
func (r *Result) Overload() *fault.Error {
	if r.Data == nil && r.writes != fault.OutcomeUnknown && (r.refused == fault.Overloaded || r.refused == fault.Throttled) {
		return &fault.Error{Kind: r.refused}
	}
	return nil
}
