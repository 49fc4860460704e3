package graphqlserver

import (
	"context"
	"maps"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/auth"
	"tributary/gateway/batch"
	"tributary/gateway/cache"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
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

// origin identifies a mutation among those of all clients. A verified viewer is told apart by
// issuer, subject and client, and not by what a renewed token may change, such as its scopes.
// Anyone else is, by Authorization and by what services are sent of the client's own.
func (s *Server) origin(ctx context.Context, q *query) mutation.Origin {
	o := mutation.Origin{Index: q.index}
	if len(q.keys) > 0 {
		o.Key = q.keys[0]
	}
	kind, parts := "unverified", q.unverified
	if v := auth.From(ctx); v != nil {
		kind, parts = "viewer", []string{v.Issuer, v.Subject, v.Client}
	} else if viewer := s.viewer(ctx); viewer != "" {
		kind, parts = "forwarded", append([]string{viewer}, q.unverified...)
	}
	seq := digest.NewSequence()
	for _, part := range append([]string{kind}, parts...) {
		seq.Text(part)
	}
	sum := seq.Sum()
	o.Viewer = string(sum[:])
	return o
}

// writing executes mutations with the state of their writes. The errors that concern the
// whole operation get an outcome; those of fields have one.
func (s *Server) writing(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		if q.selected.Operation != ast.Mutation {
			return next(ctx, q)
		}
		ctx = mutation.With(ctx, s.origin(ctx, q))
		session := cache.SessionOf(ctx)
		if session == nil {
			ctx, session = cache.WithSession(ctx, "")
		}
		result := s.unbroken(ctx, q, next)
		outcome := fault.NotExecuted
		if mutation.From(ctx).MayHaveExecuted() || result.Data == nil && result.refused == fault.Internal {
			outcome = fault.OutcomeUnknown
		}
		result = withOutcome(result, outcome)
		result.seen = session.Seen()
		return result
	}
}

// unbroken executes a mutation. One that panics outside of its fields has a result, and so an
// outcome.
func (s *Server) unbroken(ctx context.Context, q *query, next execution) (result *Result) {
	defer func() {
		if v := recover(); v != nil {
			result = s.broken(ctx, v)
		}
	}()
	return next(ctx, q)
}

// withOutcome returns the result of a mutation with its outcome, which is added to errors
// without a path.
func withOutcome(r *Result, outcome fault.Outcome) *Result {
	with := *r
	with.writes = outcome
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

// rootField opens a scope for each root field of a mutation, so that what is selected below
// it shows what it and those before it have changed, and for its writes.
func rootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if mutation.From(ctx) != nil {
		ctx = mutation.WithField(batch.WithScope(ctx), graphql.GetRootFieldContext(ctx).Field.Alias)
	}
	return next(ctx)
}
