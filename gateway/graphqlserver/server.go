package graphqlserver

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
)

// Server executes operations of one schema. It is safe for concurrent use and
// an [http.Handler] that answers GraphQL over HTTP.
type Server struct {
	exec      *executor.Executor
	documents *documents
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
}

// New returns a server of schema, whose loads plan starts ahead.
func New(schema graphql.ExecutableSchema, plan *lookahead.Plan, cfg Config, log *slog.Logger, reg prometheus.Registerer) *Server {
	s := &Server{
		exec:      executor.New(schema),
		documents: newDocuments(schema.Schema(), cfg.Introspection),
		cfg:       cfg, log: log, metrics: newMetrics(reg),
	}
	s.exec.SetQueryCache(prepared{})
	s.exec.SetErrorPresenter(s.present)
	s.exec.SetRecoverFunc(s.recovered)
	s.exec.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		ctx = batch.WithScope(ctx)
		plan.Start(ctx)
		return next(ctx)
	})
	return s
}

// Request is one operation to execute.
type Request struct {
	Query         string
	OperationName string
	Variables     map[string]any
	ReadOnly      bool // refuse anything but a query, as GET must
}

// Result is what came of a request. A request that was refused has errors and no data.
type Result struct {
	Data    []byte // JSON; nil when the operation was not executed
	Errors  gqlerror.List
	Summary report.Summary // where the data came from

	refused  fault.Kind // why it was not executed, if it was not
	mutation bool       // refused because it was no query
}

// Execute executes an operation until it is done or ctx ends. All that it
// began has ended or is shared with others when it returns.
func (s *Server) Execute(ctx context.Context, req Request) *Result {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, rep := report.With(ctx)
	ctx = graphql.StartOperationTrace(ctx)

	op, refused := s.operation(ctx, req)
	if refused != nil {
		return refused
	}
	respond, ctx := s.exec.DispatchOperation(ctx, op)
	resp := respond(ctx)
	if resp == nil { // its time was over before it began
		return &Result{Data: []byte("null"), Errors: gqlerror.List{coded(fault.Timeout, "the request took too long")}}
	}
	return &Result{Data: resp.Data, Errors: resp.Errors, Summary: rep.Summary()}
}

// operation finds the operation of a request and sees that it may be executed.
func (s *Server) operation(ctx context.Context, req Request) (*graphql.OperationContext, *Result) {
	doc, refused := s.documents.prepare(ctx, req.Query)
	if refused != nil {
		return nil, refused
	}
	invalid := func(message string) (*graphql.OperationContext, *Result) {
		return nil, refuse(fault.ValidationFailed, gqlerror.List{{Message: message}})
	}
	selected := doc.Operations.ForName(req.OperationName)
	switch {
	case selected == nil && req.OperationName == "":
		return invalid("the document has several operations: name one in operationName")
	case selected == nil:
		return invalid("the document has no operation of the name in operationName")
	case req.ReadOnly && selected.Operation != ast.Query:
		_, r := invalid("GET can only ask: send a mutation by POST")
		r.mutation = true
		return nil, r
	case selected.Operation == ast.Subscription:
		return invalid("subscriptions need a transport that streams")
	}
	op, errs := s.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), &graphql.RawParams{
		Query: req.Query, OperationName: req.OperationName, Variables: req.Variables,
	})
	if len(errs) > 0 { // what is left to go wrong is a variable that does not fit its type
		for _, err := range errs { // a path is one of the answer; theirs is one of the request
			err.Message, err.Path = err.Path.String()+" "+err.Message, nil
		}
		return nil, refuse(fault.BadUserInput, errs)
	}
	op.DisableIntrospection = !s.cfg.Introspection
	if err := refuseIntrospection(op); err != nil {
		return nil, refuse(fault.ValidationFailed, gqlerror.List{err})
	}
	if tooMany(op) {
		return nil, refuse(fault.TooComplex, gqlerror.List{gqlerror.Errorf("the answer is expected to have more than %d fields", maxFields)})
	}
	return op, nil
}

// refuseIntrospection refuses an operation that asks for the schema where that
// is off: as a whole, like any field that does not exist.
func refuseIntrospection(op *graphql.OperationContext) *gqlerror.Error {
	if !op.DisableIntrospection {
		return nil
	}
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if f.Name == "__schema" || f.Name == "__type" {
			return gqlerror.ErrorPosf(f.Position, "introspection is off: %s cannot be asked for", f.Name)
		}
	}
	return nil
}

// recovered turns a panic of a resolver into an error of its field.
func (s *Server) recovered(_ context.Context, v any) error {
	s.metrics.panics.Inc()
	return &fault.Error{Kind: fault.Internal, Err: &panicError{v, debug.Stack()}}
}
