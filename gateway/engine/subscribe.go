package engine

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/report"
)

// Listener receives the events of a subscription, one after the other.
type Listener struct {
	Begin func()        // called once, when the subscription has started
	Event func(*Result) // may block: the next event is not resolved before it returns

	Draining context.Context //nolint:containedctx // its end is that of all subscriptions
	Gone     context.Context //nolint:containedctx // ends when the client disconnects, and not with the time of a query
}

// subscribe sends the events of a subscription until there are no more, or ctx ends. The
// result is that of the whole subscription, which is refused if it could not be started.
func (e *Engine) subscribe(ctx context.Context, op *operation) *Result {
	respond, ctx := e.exec.DispatchOperation(ctx, op.execution)
	whole := &Result{Data: []byte("null"), Sent: true}
	for begun := false; ; begun = true {
		if !begun && ctx.Err() == nil {
			op.Listener.Begin()
		}
		event := e.nextEvent(ctx, op.policy, respond)
		if event == nil {
			return whole
		}
		if event.Data == nil && !begun {
			return failedToStart(event.Errors)
		}
		if len(event.Errors) > 0 {
			whole.Errors = event.Errors[:1:1] // for the outcome; there may be any number of events
		}
		op.Listener.Event(event)
	}
}

// nextEvent waits for an event and resolves it, with loads and a report of its own, which
// end with it. It returns nil after the last event.
func (e *Engine) nextEvent(ctx context.Context, p *policy, respond graphql.ResponseHandler) *Result {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, rep := report.With(ctx)
	defer e.logFailures(ctx)
	meter := p.limits.Meter(ctx, nil)
	defer meter.Release()
	resp := respond(meter)
	if why := meter.Stopped(); why != nil && ctx.Err() == nil {
		return withoutData(stopped(p.limits, why))
	}
	if resp == nil || ctx.Err() != nil { // what was resolved after the end is full of its errors
		return nil
	}
	data := resp.Data
	if data == nil && len(resp.Errors) == 0 {
		data = []byte("null")
	}
	event := &Result{Data: data, Errors: resp.Errors, Omitted: meter.ErrorsOmitted(), Summary: rep.Summary(), document: meter.Document()}
	if tooLong(p.limits, event) {
		return withoutData(Refused(p.limits.ResponseTooLong()))
	}
	return event
}

// withoutData returns the event for a refusal, which does not end the subscription.
func withoutData(refusal *Result) *Result {
	return &Result{Data: []byte("null"), Errors: refusal.Errors}
}
