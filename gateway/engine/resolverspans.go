package engine

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/tracing"
)

// startExecute starts the span of an execution. If it is recorded, resolvers get spans as
// well; if not, execution has no overhead.
func startExecute(ctx context.Context, op *graphql.OperationContext) (_ context.Context, done func()) {
	ctx, span := tracing.Start(ctx, tracing.Execute, "execute")
	if !span.IsRecording() {
		return ctx, func() {}
	}
	r := &resolverSpans{parent: ctx, fields: map[string]*resolverSpan{}}
	op.ResolverMiddleware = r.around(op.ResolverMiddleware)
	return ctx, func() {
		r.end()
		span.End()
	}
}

// resolverSpans has the spans of an execution's resolvers: one per field of the schema, from
// its first resolution to its last, so that a list of a thousand objects has as many
// spans as a list of one.
type resolverSpans struct {
	parent context.Context //nolint:containedctx // of the execution, which it is a part of

	mu     sync.Mutex
	fields map[string]*resolverSpan // by Type.field
}

type resolverSpan struct {
	ctx   context.Context //nolint:containedctx // carries the span
	span  tracing.Span
	count int
	last  time.Time // when the last that has ended did
}

func (r *resolverSpans) around(next graphql.FieldMiddleware) graphql.FieldMiddleware {
	return func(ctx context.Context, resolver graphql.Resolver) (any, error) {
		field := graphql.GetFieldContext(ctx)
		if field == nil || !field.IsResolver {
			return next(ctx, resolver)
		}
		of := r.begin(field.Object + "." + field.Field.Name)
		defer r.ended(of)
		return next(tracing.WithSpanOf(ctx, of.ctx), resolver)
	}
}

func (r *resolverSpans) begin(field string) *resolverSpan {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, ok := r.fields[field]
	if !ok {
		of = &resolverSpan{}
		of.ctx, of.span = tracing.Start(r.parent, tracing.Resolve, "resolve", field)
		of.span.String(tracing.Field, field)
		r.fields[field] = of
	}
	of.count++
	return of
}

func (r *resolverSpans) ended(of *resolverSpan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of.last = time.Now()
}

func (r *resolverSpans) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range r.fields {
		of.span.Int(tracing.Count, of.count)
		of.span.EndAt(of.last)
	}
}
