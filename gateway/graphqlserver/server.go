package graphqlserver

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
)

// Bounds of what one document may cost before it is executed.
const (
	maxTokens       = 15_000
	cachedDocuments = 1_000
)

// Server executes operations of one schema. It is safe for concurrent use and
// an [http.Handler] that answers GraphQL over HTTP.
type Server struct {
	exec    *executor.Executor
	cfg     Config
	log     *slog.Logger
	metrics *metrics
}

// New returns a server of schema, whose loads plan starts ahead.
func New(schema graphql.ExecutableSchema, plan *lookahead.Plan, cfg Config, log *slog.Logger, reg prometheus.Registerer) *Server {
	s := &Server{exec: executor.New(schema), cfg: cfg, log: log, metrics: newMetrics(reg)}
	s.exec.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	s.exec.SetParserTokenLimit(maxTokens)
	s.exec.SetDisableSuggestion(!cfg.Introspection)
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

	op, errs := s.exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query: req.Query, OperationName: req.OperationName, Variables: req.Variables,
	})
	if len(errs) > 0 {
		return refuse(errs)
	}
	if req.ReadOnly && op.Operation.Operation != ast.Query {
		r := refuse(gqlerror.List{coded(fault.ValidationFailed, "GET can only ask: send a mutation by POST")})
		r.mutation = true
		return r
	}
	if op.Operation.Operation == ast.Subscription {
		return refuse(gqlerror.List{coded(fault.ValidationFailed, "subscriptions need a transport that streams")})
	}
	op.DisableIntrospection = !s.cfg.Introspection
	if err := refuseIntrospection(op); err != nil {
		return refuse(gqlerror.List{err})
	}
	respond, ctx := s.exec.DispatchOperation(ctx, op)
	resp := respond(ctx)
	if resp == nil { // the client left before execution began
		return &Result{Data: []byte("null"), Errors: gqlerror.List{coded(fault.Timeout, "the request took too long")}}
	}
	return &Result{Data: resp.Data, Errors: resp.Errors, Summary: rep.Summary()}
}

// refuseIntrospection refuses an operation that asks for the schema where that
// is off: as a whole, like any field that does not exist.
func refuseIntrospection(op *graphql.OperationContext) *gqlerror.Error {
	if !op.DisableIntrospection {
		return nil
	}
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if f.Name == "__schema" || f.Name == "__type" {
			err := coded(fault.ValidationFailed, "introspection is off: "+f.Name+" cannot be asked for")
			err.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
			return err
		}
	}
	return nil
}

// recovered turns a panic of a resolver into an error of its field.
func (s *Server) recovered(_ context.Context, v any) error {
	s.metrics.panics.Inc()
	return &fault.Error{Kind: fault.Internal, Err: &panicError{v, debug.Stack()}}
}
