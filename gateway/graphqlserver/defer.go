package graphqlserver

import (
	"context"

	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// deferrable returns a context for executing q in parts, and what delivers them. It
// returns ctx and nil if the client takes no parts, or the document has none.
func (s *Server) deferrable(ctx context.Context, q *query) (context.Context, *execute.Deferral) {
	if q.inParts == nil || q.doc.inParts == nil {
		return ctx, nil
	}
	return execute.NewDeferral(ctx, q.doc.defers, q.inParts.further(q.policy.limits.Parts))
}

// deliver sends the first result and the parts after it as they become ready. It returns
// when all have been sent, or when the client takes no more, with a result for metrics and
// logs only, which has the errors and the summary of all parts. An operation that exceeds a
// limit ends with a part that says so.
func (s *Server) deliver(ctx context.Context, q *query, first *Result, rest *execute.Deferral) *Result {
	if fault.Left(ctx) {
		return refuseOne(fault.Canceled, (&fault.Error{Kind: fault.Canceled}).Public())
	}
	whole, rep := *first, report.From(ctx)
	whole.sent = true
	p := q.inParts
	p.begin(ctx, first)
	if p.failed != nil {
		return &whole
	}
	meter := execute.MeterOf(ctx)
	for ready, more := range rest.Parts {
		if why := meter.Stopped(); why != nil {
			ready, more = ready[:1], false
			ready[0].Data, ready[0].Errors = []byte("null"), q.policy.stopped(why).Errors
		}
		for _, part := range ready {
			whole.Errors = append(whole.Errors, part.Errors...)
		}
		p.next(ready, more, meter.ErrorsOmitted(), rep.Summary())
		if p.failed != nil || !more {
			break
		}
	}
	whole.Summary = rep.Summary()
	return &whole
}
