package graphqlserver

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// listener takes the events of a subscription, one after the other.
type listener struct {
	begin func()        // called once, when the subscription was found good
	event func(*Result) // may block: the next event is not resolved before it returns

	draining context.Context //nolint:containedctx // its end is that of all subscriptions
	gone     context.Context //nolint:containedctx // ends when the client leaves, and not with the time of a query
}

// streaming executes subscriptions and passes other operations to next. A subscription
// does not occupy a slot of the admission gate, since it would for hours, and has no
// deadline.
func (s *Server) streaming(next execution) execution {
	subscribe := limited(s.clients, s.subscribe)
	return func(ctx context.Context, q *query) *Result {
		if q.listener == nil {
			return next(ctx, q)
		}
		if q.selected.Operation != ast.Subscription {
			return next(ctx, q)
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		defer context.AfterFunc(q.listener.gone, cancel)()
		defer context.AfterFunc(q.listener.draining, cancel)()
		return subscribe(ctx, q)
	}
}

// subscribe sends the events of a subscription until there are no more, or ctx ends. The
// result is that of the whole subscription, which is refused if it could not be started.
func (s *Server) subscribe(ctx context.Context, q *query) *Result {
	ctx = graphql.StartOperationTrace(ctx)
	if refused := s.prepare(ctx, q); refused != nil {
		return refused
	}
	respond, ctx := s.exec.DispatchOperation(ctx, q.operation)
	whole := &Result{Data: []byte("null"), sent: true}
	for begun := false; ; begun = true {
		if !begun && ctx.Err() == nil {
			q.listener.begin()
		}
		event := s.nextEvent(ctx, q.policy, respond)
		if event == nil {
			return whole
		}
		if event.Data == nil && !begun {
			return &Result{Errors: event.Errors, refused: fault.Internal}
		}
		if len(event.Errors) > 0 {
			whole.Errors = event.Errors[:1:1] // for the outcome; there may be any number of events
		}
		q.listener.event(event)
	}
}

// nextEvent waits for an event and resolves it, with loads and a report of its own, which
// end with it. It returns nil after the last event.
func (s *Server) nextEvent(ctx context.Context, p *policy, respond graphql.ResponseHandler) *Result {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, rep := report.With(ctx)
	defer s.logFailures(ctx)
	meter := p.metered(ctx, nil)
	defer meter.Release()
	resp := respond(meter)
	if why := meter.Stopped(); why != nil && ctx.Err() == nil {
		return withoutData(p.stopped(why))
	}
	if resp == nil || ctx.Err() != nil { // what was resolved after the end is full of its errors
		return nil
	}
	data := resp.Data
	if data == nil && len(resp.Errors) == 0 {
		data = []byte("null")
	}
	event := &Result{Data: data, Errors: resp.Errors, Omitted: meter.ErrorsOmitted(), Summary: rep.Summary(), document: meter.Document()}
	if p.limits.tooLong(event) {
		return withoutData(p.limits.refuseAnswer())
	}
	return event
}

// withoutData returns the event for a refusal, which does not end the subscription.
func withoutData(refusal *Result) *Result {
	return &Result{Data: []byte("null"), Errors: refusal.Errors}
}

// broken is the result of a stream's operation that panicked outside of its fields.
func (s *Server) broken(ctx context.Context, v any) *Result {
	s.tellOfPanic(ctx, fault.Recovered("", v))
	return &Result{Errors: gqlerror.List{coded(fault.Internal, (&fault.Error{Kind: fault.Internal}).Public())}, refused: fault.Internal}
}
