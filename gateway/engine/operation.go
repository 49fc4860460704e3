package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"

	"tributary/gateway/admission"
	"tributary/gateway/engine/document"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/engine/variables"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/internal/truncate"
	"tributary/gateway/lookahead"
	"tributary/gateway/responsecache"
)

// Request asks to execute an operation. Code of the gateway sets Query and what it needs of
// the first group; the others are set by transports.
type Request struct {
	Query         string
	OperationName string
	Variables     map[string]any
	ReadOnly      bool // refuse anything but a query, as GET must
	// Fingerprint is a hash of the request as the client sent it, by which
	// [Engine.LookupCached] finds the cached response to an identical one. The zero Key
	// means that there is none.
	Fingerprint responsecache.Key

	FromClient bool   // the document is found by DocumentID or SHA256 if Query is empty, and has to be trusted
	DocumentID string // of a document that a manifest holds, or the hash of a persisted one after "sha256:"
	SHA256     string // of an automatic persisted query; beside Query, it asks to persist that
	// RawVariables are the variables as the client sent them: a JSON object, part of the text
	// of the request. They are nil if Variables has them.
	RawVariables json.RawMessage
	Trace        bool         // collect Result.Trace
	Cost         bool         // compute Result.Cost
	Sender       Sender       // of a mutation
	Incremental  *Incremental // receives a response in parts; nil: it comes as a whole
	Listener     *Listener    // receives the events of a subscription; nil: it is refused
	// Lease is the memory of an operation that may last. When its variables are decoded, what
	// the rest of the request took is given back. Nil: it is held to the end.
	Lease *admission.BodyLease
}

// operation is a request on its way to its result: each stage of the pipeline adds what it
// found.
type operation struct {
	Request

	policy     *policy                        // what it is held to, from its beginning to its end
	until      context.Context                //nolint:containedctx // its result is not needed any more when it ends
	untrusted  bool                           // the document is not trusted, and the settings ask for that
	document   *document.Document             // valid; shared by all operations with the same text
	isNew      bool                           // the document was parsed for this operation
	definition *ast.OperationDefinition       // the operation of the document to execute
	found      bool                           // the document, the operation and its variables are known and usable
	ruled      bool                           // some of its fields have rules of access
	ownRules   bool                           // of which some are the project's own
	denied     map[*ast.Position]*fault.Error // the fields that the viewer may not see
	executable *ast.QueryDocument             // the document without these
	execution  *graphql.OperationContext      // that, with coerced variables; for the executor
	cost       *lookahead.Cost                // in upstream calls; nil until it is computed
}

type operationKey struct{}

// isSubscription reports whether an operation, which was selected, is a subscription.
func (op *operation) isSubscription() bool { return op.definition.Operation == ast.Subscription }

// resolveDocument finds the text of a document that a client names by an id or a hash.
func (e *Engine) resolveDocument(ctx context.Context, op *operation) (refused *refusal.Refusal) {
	if !op.FromClient {
		return nil
	}
	ref := document.Reference{Text: op.Query, ID: op.DocumentID, SHA256: op.SHA256}
	ref, refused = op.policy.documents.Resolve(ctx, ref)
	op.Query, op.SHA256 = ref.Text, ref.SHA256
	return refused
}

// checkTrust applies the mode for untrusted documents to that of a client.
func (e *Engine) checkTrust(_ context.Context, op *operation) (refused *refusal.Refusal) {
	if op.FromClient {
		op.untrusted, refused = op.policy.documents.CheckTrust(op.Query)
	}
	return refused
}

// loadDocument parses and validates the document, unless it is cached.
func (e *Engine) loadDocument(ctx context.Context, op *operation) (refused *refusal.Refusal) {
	op.document, op.isNew, refused = op.policy.documents.Load(ctx, op.Query)
	if refused == nil || refused.Kind != fault.Overloaded {
		e.metrics.documents.CountLoad(op.isNew)
	}
	if refused == nil {
		op.policy.documents.Persist(ctx, document.Reference{Text: op.Query, SHA256: op.SHA256}, op.document)
	}
	return refused
}

// selectOperation finds the operation of the document to execute.
func (e *Engine) selectOperation(ctx context.Context, op *operation) *refusal.Refusal {
	op.definition = op.document.Operations.ForName(op.OperationName)
	switch {
	case op.definition == nil && op.OperationName == "":
		return invalid("the document has several operations: name one in operationName: " + op.operationNames())
	case op.definition == nil:
		return invalid("unknown operationName: it can be " + op.operationNames())
	case op.ReadOnly && op.definition.Operation != ast.Query && (!op.isSubscription() || op.Listener == nil):
		r := invalid("mutations are not allowed by GET: use POST")
		r.MethodInvalid = true
		return r
	case op.isSubscription() && op.Listener == nil:
		return invalid("subscriptions need a streaming transport")
	}
	if op.isNew && op.untrusted {
		e.log.LogAttrs(ctx, slog.LevelWarn, "document is not trusted",
			slog.String("sha256", op.document.Hash.String()), slog.String("operation", logged(op.definition.Name)))
	}
	return nil
}

// operationNames lists the names that operationName can have.
func (op *operation) operationNames() string {
	var names []string
	for _, definition := range op.document.Operations {
		if definition.Name == "" { // then it is the only one
			return "left out"
		}
		names = append(names, definition.Name)
	}
	return core.QuotedOrList(names...)
}

// invalid refuses a document for what its operations are.
func invalid(message string) *refusal.Refusal {
	return refusal.Of(fault.ValidationFailed, message)
}

// logged shortens a name chosen by a client.
func logged(name string) string { return truncate.Prefix(name, 128) }

// decodeVariables decodes the variables that the operation declares, and drops the text of the
// request, with all others.
func (e *Engine) decodeVariables(_ context.Context, op *operation) (refused *refusal.Refusal) {
	size := 0
	if op.RawVariables != nil {
		op.Variables, size, refused = variables.Decode(op.definition, op.RawVariables)
		op.RawVariables = nil
	}
	if op.Lease != nil {
		op.Lease.Shrink(len(op.Query) + size)
	}
	op.found = refused == nil
	return refused
}

// coerceVariables makes the variables values of their types, and the operation executable.
func (e *Engine) coerceVariables(ctx context.Context, op *operation) *refusal.Refusal {
	if why := op.policy.limits.CheckVariables(op.Variables); why != nil {
		return why
	}
	op.executable = op.document.QueryDocument
	if op.Incremental != nil && op.document.WithDefer != nil {
		op.executable = op.document.WithDefer
	}
	if len(op.denied) > 0 {
		op.executable = withoutDenied(op.executable, op.denied)
	}
	values := execute.WithDefaults(op.definition, op.Variables)
	ctx = graphql.StartOperationTrace(context.WithValue(ctx, operationKey{}, op))
	execution, errs := e.exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query: op.Query, OperationName: op.OperationName, Variables: values,
	})
	if len(errs) > 0 { // what is left to go wrong is a variable that does not fit its type
		for i, err := range errs {
			errs[i] = variables.Explain(e.schema, e.cfg.Introspection, op.definition, values, err)
		}
		return refusal.New(fault.BadUserInput, errs)
	}
	if why := variables.Check(execution); why != nil {
		return why
	}
	execution.DisableIntrospection = !e.cfg.Introspection
	op.execution = execution
	return nil
}

// loadedDocument is a query cache for the executor: it has the document of the operation in the
// context.
type loadedDocument struct{}

// Get implements [graphql.Cache].
func (loadedDocument) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return nil, false
	}
	return op.executable, true
}

// Add implements [graphql.Cache].
func (loadedDocument) Add(context.Context, string, *ast.QueryDocument) {}

// checkSize refuses an operation that asks for the schema where that is off, or whose response
// is expected to have too many fields.
func (e *Engine) checkSize(_ context.Context, op *operation) *refusal.Refusal {
	return cmp.Or(refuseIntrospection(op.execution), op.policy.limits.CheckFields(op.execution))
}

// refuseIntrospection refuses an operation with __schema or __type where introspection is disabled:
// as a whole, like one with a field that does not exist.
func refuseIntrospection(op *graphql.OperationContext) *refusal.Refusal {
	if !op.DisableIntrospection {
		return nil
	}
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if f.Name == "__schema" || f.Name == "__type" {
			return refusal.New(fault.ValidationFailed, gqlerror.List{
				gqlerror.ErrorPosf(f.Position, "introspection is disabled: %s cannot be queried", f.Name)})
		}
	}
	return nil
}

// checkCost computes the cost of an operation, and refuses one that may need too many calls to
// a service.
func (e *Engine) checkCost(_ context.Context, op *operation) *refusal.Refusal {
	op.cost = e.plan.Cost(op.execution)
	return op.policy.limits.CheckCalls(op.cost)
}

// firstRefusal takes steps until one refuses the operation.
func firstRefusal(ctx context.Context, op *operation, steps ...step) *refusal.Refusal {
	for _, s := range steps {
		if why := s(ctx, op); why != nil {
			return why
		}
	}
	return nil
}
