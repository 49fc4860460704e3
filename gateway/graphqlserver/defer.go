package graphqlserver

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
)

// later is a deferred part of an answer (@defer).
type later struct {
	*Result

	path  ast.Path
	label string
	last  bool // nothing follows
}

// deferring is an operation executed in parts, which are resolved in parallel and sent as
// they complete.
type deferring struct {
	begun bool
	end   context.Context //nolint:containedctx // of the operation, which its execution outlasts
	send  func(first *Result, rest <-chan later)
}

type deferringKey struct{}

// loading opens a scope for the loaders of each response and starts the look-ahead. The
// parts of one answer share a scope.
func loading(plan *lookahead.Plan) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		d, _ := ctx.Value(deferringKey{}).(*deferring)
		if d != nil && d.begun {
			return next(ctx)
		}
		ctx = batch.WithScope(ctx)
		plan.Start(ctx)
		if d != nil {
			d.begun, d.end = true, ctx
			ctx = outlast(ctx)
		}
		return next(ctx)
	}
}

// outlast returns a context for executing an operation in parts, which does not end with
// ctx: if it did, the executor would drop parts and wait for them forever. Resolvers do
// see the end of ctx, so every part completes soon after it.
func outlast(ctx context.Context) context.Context {
	op := graphql.GetOperationContext(ctx)
	around := op.ResolverMiddleware
	op.ResolverMiddleware = func(of context.Context, next graphql.Resolver) (any, error) {
		w := &within{Context: of, end: ctx}
		defer w.over.Store(true)
		return around(w, next)
	}
	return context.WithoutCancel(ctx)
}

// endOf returns the context that ends with the operation of ctx.
func endOf(ctx context.Context) context.Context {
	if d, ok := ctx.Value(deferringKey{}).(*deferring); ok && d.begun {
		return d.end
	}
	return ctx
}

// within has the values of one context and, until it is over, the end of
// another: the executor goes on with the context of a resolver when that has
// returned, for what is below its field, parts that come later among them.
type within struct {
	context.Context

	end  context.Context //nolint:containedctx // it is a context
	over atomic.Bool
}

func (w *within) until() context.Context {
	if w.over.Load() {
		return w.Context
	}
	return w.end
}

func (w *within) Deadline() (time.Time, bool) { return w.until().Deadline() }
func (w *within) Done() <-chan struct{}       { return w.until().Done() }
func (w *within) Err() error                  { return w.until().Err() }

// inParts sends the parts after the first response and returns when all have been sent,
// with a result for metrics and logs only, which has the errors and the summary of all
// parts.
func (d *deferring) inParts(ctx context.Context, first *Result, respond graphql.ResponseHandler, rep *report.Report) *Result {
	rest := make(chan later)
	var failed gqlerror.List
	go func() {
		defer close(rest)
		for {
			resp := respond(context.WithoutCancel(ctx))
			if resp == nil {
				return
			}
			failed = append(failed, resp.Errors...)
			rest <- later{
				Result: &Result{Data: resp.Data, Errors: resp.Errors, Summary: rep.Summary()},
				path:   resp.Path, label: resp.Label, last: resp.HasNext == nil || !*resp.HasNext,
			}
		}
	}()
	whole := *first
	if whole.sent = !fault.Left(ctx); whole.sent {
		d.send(first, rest)
	}
	for range rest { // the executor waits until somebody has taken all
	}
	whole.Summary = rep.Summary()
	whole.Errors = append(whole.Errors, failed...)
	return &whole
}
