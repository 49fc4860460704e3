package engine

import (
	"context"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/auth"
	"tributary/gateway/batch"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
	"tributary/gateway/mutation"
)

// Sender is what a request says of its client, for a mutation that may be repeated.
type Sender struct {
	Keys          []string // its idempotency keys; more than one are refused, unless the operation is a query
	Authorization []string // which has not been verified
	Index         int      // of the mutation in a batch
}

// KeyHeader is the request header by which a client that repeats a mutation makes sure that
// its writes are executed once (draft-ietf-httpapi-idempotency-key-header).
const KeyHeader = "Idempotency-Key"

// trackWrites executes mutations with the state of their writes. Errors that concern the
// whole operation get an outcome; those of fields have one.
func (e *Engine) trackWrites(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		if op.definition.Operation != ast.Mutation {
			return next(ctx, op)
		}
		if why := op.checkKey(); why != nil {
			return Refused(why).WithOutcome(fault.NotExecuted)
		}
		ctx = mutation.With(ctx, e.origin(ctx, op))
		session := entitycache.SessionOf(ctx)
		if session == nil {
			ctx, session = entitycache.WithSession(ctx, "")
		}
		result := e.recovered(ctx, op, next)
		outcome := fault.NotExecuted
		if mutation.From(ctx).MayHaveExecuted() || result.Data == nil && result.refusedFor(fault.Internal) {
			outcome = fault.OutcomeUnknown
		}
		result = result.WithOutcome(outcome)
		result.Seen = session.Seen()
		return result
	}
}

// recovered executes a mutation. One that panics outside of its fields has a result, and so an
// outcome.
func (e *Engine) recovered(ctx context.Context, op *operation, next handler) (result *Result) {
	defer func() {
		if v := recover(); v != nil {
			result = e.Panicked(ctx, v)
		}
	}()
	return next(ctx, op)
}

// checkKey refuses a mutation whose idempotency key cannot be used.
func (op *operation) checkKey() *refusal.Refusal {
	if keys := op.Sender.Keys; len(keys) == 0 || len(keys) == 1 && mutation.ValidKey(keys[0]) {
		return nil
	}
	r := refusal.Of(fault.BadUserInput, KeyHeader+" must be given once, and be 1 to 255 visible ASCII characters")
	r.Malformed = true
	return r
}

// origin identifies a mutation among those of all clients. A verified viewer is told apart by
// issuer, subject and client, and not by what a renewed token may change, such as its scopes.
// Anyone else is, by Authorization and by what services are sent of the client's own.
func (e *Engine) origin(ctx context.Context, op *operation) mutation.Origin {
	o := mutation.Origin{Index: op.Sender.Index}
	if len(op.Sender.Keys) > 0 {
		o.Key = op.Sender.Keys[0]
	}
	kind, parts := "unverified", op.Sender.Authorization
	if v := auth.From(ctx); v != nil {
		kind, parts = "viewer", []string{v.Issuer, v.Subject, v.Client}
	} else if viewer := e.viewer(ctx); viewer != "" {
		kind, parts = "forwarded", append([]string{viewer}, op.Sender.Authorization...)
	}
	seq := digest.NewSequence()
	for _, part := range append([]string{kind}, parts...) {
		seq.Text(part)
	}
	sum := seq.Sum()
	o.Viewer = string(sum[:])
	return o
}

// WithOutcome returns the result of a mutation with its outcome, which is added to errors
// without a path.
func (r *Result) WithOutcome(outcome fault.Outcome) *Result {
	with := *r
	with.Writes = outcome
	if len(r.Errors) == 0 {
		return &with
	}
	with.Errors = make(gqlerror.List, len(r.Errors))
	for i, err := range r.Errors {
		if len(err.Path) == 0 {
			one := *err
			if one.Extensions = maps.Clone(err.Extensions); one.Extensions == nil {
				one.Extensions = map[string]any{}
			}
			one.Extensions[outcomeExtension] = outcome
			err = &one
		}
		with.Errors[i] = err
	}
	return &with
}

// outcomeExtension is the name of an error's extension with the outcome of a write.
const outcomeExtension = "outcome"

// outcomeOf returns the outcome of the root field of a mutation that failed, or "" for any
// other field. A field that the viewer may not see has no state, because it is not executed.
// A failure that is a bug says nothing of what was done before it.
func outcomeOf(ctx context.Context, path ast.Path, f *fault.Error) fault.Outcome {
	field := mutation.FieldOf(ctx)
	switch {
	case len(path) != 1 || mutation.From(ctx) == nil:
		return ""
	case field == nil:
		return fault.NotExecuted
	case field.MayHaveExecuted(), f.Kind == fault.Internal:
		return fault.OutcomeUnknown
	}
	return fault.NotExecuted
}

// withRootField opens a scope for each root field of a mutation, so that what is selected below
// it shows what it and those before it have changed, and for its writes.
func withRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if mutation.From(ctx) != nil {
		ctx = mutation.WithField(batch.WithScope(ctx), graphql.GetRootFieldContext(ctx).Field.Alias)
	}
	return next(ctx)
}
