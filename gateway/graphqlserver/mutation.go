package graphqlserver

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/auth"
	"tributary/gateway/batch"
	"tributary/gateway/cache"
	"tributary/gateway/fault"
	"tributary/gateway/mutation"
)

// KeyHeader is the request header by which a client that repeats a mutation makes sure that
// its writes are executed once (draft-ietf-httpapi-idempotency-key-header). It means
// nothing on a WebSocket, where one header would be that of many mutations.
const KeyHeader = "Idempotency-Key"

// sender is what an HTTP request says of who repeats it.
type sender struct {
	keys       []string // its idempotency keys; more than one are refused, unless the operation is a query
	unverified []string // its Authorization
}

func senderOf(r *http.Request) sender {
	return sender{r.Header[KeyHeader], r.Header["Authorization"]}
}

// refuseKey refuses a mutation whose idempotency key cannot be used.
func (q *query) refuseKey() *Result {
	if q.selected.Operation != ast.Mutation || len(q.keys) == 0 || len(q.keys) == 1 && mutation.ValidKey(q.keys[0]) {
		return nil
	}
	r := refuseOne(fault.BadUserInput, KeyHeader+" must be given once, and be 1 to 255 visible ASCII characters")
	r.malformed = true
	return r
}

// origin identifies a mutation among those of all clients: by its viewer if the gateway
// verifies tokens, and by the token itself otherwise.
func (q *query) origin(ctx context.Context) mutation.Origin {
	o := mutation.Origin{Index: q.index}
	if len(q.keys) > 0 {
		o.Key = q.keys[0]
	}
	if viewer := auth.From(ctx); viewer != nil {
		o.Viewer = "viewer " + viewer.Key()
	} else if len(q.unverified) > 0 {
		o.Viewer = "unverified " + strings.Join(q.unverified, "\n")
	}
	return o
}

// writing executes mutations with the state of their writes. The errors that concern the
// whole operation get an outcome; those of fields have one.
func writing(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		if q.selected.Operation != ast.Mutation {
			return next(ctx, q)
		}
		ctx = mutation.With(ctx, q.origin(ctx))
		session := cache.SessionOf(ctx)
		if session == nil {
			ctx, session = cache.WithSession(ctx, "")
		}
		result := *withOutcome(next(ctx, q), mutation.From(ctx).MayHaveExecuted())
		result.seen = session.Seen()
		return &result
	}
}

// withOutcome adds the outcome of a mutation to errors without a path.
func withOutcome(r *Result, mayHaveExecuted bool) *Result {
	if len(r.Errors) == 0 {
		return r
	}
	outcome := fault.NotExecuted
	if mayHaveExecuted {
		outcome = fault.OutcomeUnknown
	}
	with := *r
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
// other field. A failure that is a bug says nothing of what was done before it.
func outcomeOf(ctx context.Context, path ast.Path, f *fault.Error) fault.Outcome {
	field := mutation.FieldOf(ctx)
	switch {
	case field == nil || len(path) != 1:
		return ""
	case field.MayHaveExecuted(), f.Kind == fault.Internal:
		return fault.OutcomeUnknown
	}
	return fault.NotExecuted
}

// rootField opens a scope for each root field of a mutation, so that what is selected below
// it shows what it and those before it have changed, and for its writes.
func rootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if mutation.From(ctx) != nil {
		ctx = mutation.WithField(batch.WithScope(ctx), graphql.GetRootFieldContext(ctx).Field.Alias)
	}
	return next(ctx)
}
