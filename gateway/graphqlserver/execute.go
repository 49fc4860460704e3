package graphqlserver

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/admission"
	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
	"tributary/gateway/tracing"
	"tributary/gateway/waterfall"
)

// Request is an operation to execute. Clients may name its document instead of
// sending it; callers of [Server.Execute] always set Query.
type Request struct {
	Query         string
	OperationName string
	Variables     map[string]any // of a request that was read from a client, nil until its operation is known
	ReadOnly      bool           // refuse anything but a query, as GET must
	// Fingerprint is a hash of the request as the client sent it, by which
	// [Server.Recall] finds the cached response to an identical one. The zero Key
	// means that there is none.
	Fingerprint responsecache.Key

	DocumentID string    // of a document that a manifest holds, or the hash of a persisted one after "sha256:"
	Seen       string    // what a client has seen, if it came with the operation
	SHA256     string    // of an automatic persisted query; beside Query, it asks to have that remembered
	Trace      bool      // tell in Result.Trace how it was answered
	Cost       bool      // tell in Result.Cost what it costs
	inParts    *parts    // takes an answer in parts; nil: it comes as a whole
	listener   *listener // takes the events of a subscription; nil: it is refused
	sender               // of a mutation; not that of a WebSocket, which sends many
	index      int       // in a batch
	untrusted  bool      // it is not from a manifest, and somebody wants to know
	policy     *policy   // what it is held to; nil: the current one
	// rawVariables are the variables as the client sent them: a JSON object, part of the text
	// of the request. They are nil if Variables has them.
	rawVariables json.RawMessage
	// lease is the memory of an operation that may last. When its variables are decoded, what
	// the rest of the request took is given back. Nil: it is held to the end.
	lease *admission.BodyLease
	until context.Context // its result is not needed any more when it ends; nil: when that of the execution does
}

// Result is the result of a request. A request that was refused has errors and no data.
type Result struct {
	Data    []byte // JSON; nil when the operation was not executed
	Errors  gqlerror.List
	Summary report.Summary   // where the data came from
	Trace   *waterfall.Trace // how they came, if the request asked for that
	Cost    *lookahead.Cost  // in upstream calls, if the request asked for that
	Omitted int              // number of errors that are not in Errors
	Made    time.Time        // when it was put together
	Took    time.Duration    // how long that took

	refused   fault.Kind    // why it was not executed, if it was not
	mutation  bool          // refused because it was no query
	malformed bool          // refused because it contradicts itself
	writes    fault.Outcome // of a mutation: unknown if a write of it may have been executed
	sent      bool          // the client has got it, in parts or event by event
	seen      string        // of a mutation: what the client brings with later requests; "" if nothing was purged
	tellsSeen bool          // seen is told in the extensions
	document  []byte        // Data with the opening of a response before it and room for its closing behind; nil if there is none
	guarded   bool          // it was made by rules of access
	stored    bool          // it was stored in the response cache for this request
	kept      *kept         // what it has in common with those who get the same one; nil if it is the only one
}

// Execute executes an operation until it is done or ctx ends. When it returns,
// all work that it started has ended, except loads that other operations share.
func (s *Server) Execute(ctx context.Context, req Request) *Result {
	if req.Cost {
		return s.priced(ctx, req)
	}
	if req.Trace {
		return s.traced(ctx, req)
	}
	req.until = ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, span := tracing.Start(ctx, tracing.Operation, "operation")
	ctx, _ = report.With(ctx)
	start := time.Now()
	q, result := s.find(ctx, req)
	if result == nil {
		req = Request{} // the text of the client may be freed while the operation runs
		result = s.run(ctx, q)
	}
	s.observe(ctx, span, operationOf(q, result), lineOf(ctx, req, q, result), result, time.Since(start))
	return result
}

// serve executes an operation for a client. It resolves documents named by id or
// hash, and enforces trusted documents.
func (s *Server) serve(ctx context.Context, req Request) *Result {
	req.policy = s.current.Load()
	if refused := s.identify(ctx, &req); refused != nil {
		return s.observeRefused(ctx, req, refused)
	}
	return s.Execute(ctx, req)
}

// execute prepares a query and runs it.
func (s *Server) execute(ctx context.Context, q *query) *Result {
	ctx = graphql.StartOperationTrace(ctx)
	if refused := s.prepare(ctx, q); refused != nil {
		return refused
	}
	meter := q.policy.metered(ctx, q.until)
	defer meter.Release()
	ctx, done := startExecute(meter, q.operation)
	defer done()
	ctx, deferral := s.deferrable(ctx, q)
	defer s.metrics.time(phaseExecute)()
	defer s.logFailures(ctx)
	respond, ctx := s.exec.DispatchOperation(ctx, q.operation)
	resp := respond(ctx)
	if why := meter.Stopped(); why != nil {
		return q.policy.stopped(why)
	}
	if resp == nil {
		return outOfTime()
	}
	result := &Result{
		Data: resp.Data, Errors: resp.Errors, Omitted: meter.ErrorsOmitted(),
		Summary: report.From(ctx).Summary(), document: meter.Document(),
	}
	if q.policy.limits.tooLong(result) {
		return q.policy.limits.refuseAnswer()
	}
	if deferral != nil && deferral.Pending() {
		return s.deliver(ctx, q, result, deferral)
	}
	return result
}

// loading opens a scope for the loaders of each response, which its parts share, and starts
// the look-ahead.
func loading(plan *lookahead.Plan) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		ctx = batch.WithScope(ctx)
		plan.Start(ctx)
		return next(ctx)
	}
}

// recovered turns a panic of a resolver into an error of its field.
func (s *Server) recovered(ctx context.Context, v any) error {
	err := fault.Recovered("", v)
	s.tellOfPanic(ctx, err)
	return err
}

// tellOfPanic logs and counts a panic, once for all who wait for what panicked.
func (s *Server) tellOfPanic(ctx context.Context, err error) {
	if p, ok := errors.AsType[*fault.Panic](err); ok && p.First() {
		s.metrics.panics.Inc()
		if !report.From(ctx).Panicked() {
			return // it is counted among the failures of its field
		}
		s.log.ErrorContext(ctx, "panic", "path", fieldPath(ctx), "panic", p.Value, "stack", string(p.Stack))
	}
}
