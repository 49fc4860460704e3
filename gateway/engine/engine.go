// Package engine executes GraphQL operations: pipeline.go lists the stages from a request to
// its result. Packages httptransport and stream carry requests and results; packages document,
// limits and variables do the parts that need no execution.
package engine

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/access"
	"tributary/gateway/admission"
	"tributary/gateway/engine/document"
	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/responsecache"
)

// Deps has what an engine works with. Schema, Plan, Log and Registerer are required.
type Deps struct {
	Schema     graphql.ExecutableSchema
	Plan       *lookahead.Plan         // starts loads ahead of execution
	Responses  *Responses              // caches results; nil: they are not cached
	Trusted    *document.Trusted       // nil: no document is trusted
	Persisted  document.PersistedStore // of all gateways; nil: there is none
	Log        *slog.Logger
	Registerer prometheus.Registerer
	// Viewer identifies the client in keys of responses that are its own. It returns "" for
	// clients that cannot be told apart. nil takes the viewer of [auth.From].
	Viewer func(context.Context) string
}

// Engine executes operations of one schema. It is safe for concurrent use.
type Engine struct {
	cfg       Config
	exec      *executor.Executor
	plan      *lookahead.Plan
	schema    *ast.Schema
	version   responsecache.Key // of the schema
	rules     access.Rules
	responses *Responses
	persisted document.PersistedStore
	viewerKey func(context.Context) string
	log       *slog.Logger
	metrics   *metrics

	bodies        *admission.Bodies  // memory of requests
	answers       *admission.Budget  // memory of responses
	clients       *admission.Clients // nil: they have no limit of their own
	gate          *admission.Limiter // of operations
	parsing       *admission.Limiter // of documents that have to be parsed
	cachePolicies *document.Property[responsecache.Policy]
	ruledFields   *document.Property[[]*ast.Field]

	run     handler                // all stages
	current atomic.Pointer[policy] // see Prepare
}

// New returns an engine.
func New(cfg Config, deps Deps) *Engine {
	schema, reg, largest := deps.Schema.Schema(), deps.Registerer, cfg.Limits.OrDefault()
	e := &Engine{
		cfg:       cfg,
		exec:      executor.New(deps.Schema),
		plan:      deps.Plan,
		schema:    schema,
		version:   responsecache.SchemaKey(schema),
		rules:     access.Of(deps.Schema),
		responses: deps.Responses,
		persisted: deps.Persisted,
		viewerKey: deps.Viewer,
		log:       deps.Log,
		metrics:   newMetrics(reg),

		bodies:  admission.NewBodies(cfg.Admission, largest.LargestRequest(), reg),
		answers: admission.NewResponses(cfg.Admission, largest.ResponseMemory(), reg),
		clients: admission.NewClients(cfg.Admission, reg),
		gate:    admission.NewLimiter(cfg.Admission, reg),
		parsing: admission.NewDocumentLimiter(cfg.Admission, reg),
	}
	e.cachePolicies = document.NewProperty(func(op *ast.OperationDefinition) responsecache.Policy { return responsecache.PolicyOf(schema, op) })
	e.ruledFields = document.NewProperty(func(op *ast.OperationDefinition) []*ast.Field { return fieldsWithRules(e.rules, op) })
	e.exec.SetQueryCache(loadedDocument{})
	e.exec.SetErrorPresenter(e.presentError)
	e.exec.SetRecoverFunc(e.recoverPanic)
	e.exec.AroundResponses(withLoaders(deps.Plan))
	e.exec.AroundRootFields(withRootField)
	e.run = chain(e.stages(), e.execute)
	e.use(e.newPolicy(cfg, deps.Trusted))
	reg.MustRegister(entitycache.NewSizes("document", e.metrics.documents.Evicted(),
		func() (uint64, int) { return e.current.Load().documents.Size() }))
	return e
}

// Config returns the settings with which the engine was made.
func (e *Engine) Config() Config { return e.cfg }

// Limits returns the limits of requests that begin now.
func (e *Engine) Limits() *limits.Checker { return e.current.Load().limits }

// Lease returns a lease of memory for one request. It must be released.
func (e *Engine) Lease() admission.BodyLease { return e.bodies.Lease() }

// Execute takes an operation through all stages until it is done or ctx ends. When it returns,
// all work that it started has ended, except loads that other operations share.
func (e *Engine) Execute(ctx context.Context, req Request) *Result {
	op := &operation{Request: req, policy: e.current.Load(), until: ctx}
	req = Request{} //nolint:ineffassign,wastedassign // the text of the client may be freed while the operation runs
	return e.run(ctx, op)
}

// Explain computes the cost of an operation in upstream calls without executing
// it. A non-nil result has the reason why the operation would be refused; if that
// is its cost, the cost is returned as well.
func (e *Engine) Explain(ctx context.Context, req Request) (*lookahead.Cost, *Result) {
	op := &operation{Request: req, policy: e.current.Load()}
	why := firstRefusal(ctx, op,
		e.loadDocument, e.selectOperation, e.decodeVariables,
		e.coerceVariables, e.checkSize, e.checkCost)
	return op.cost, Refused(why)
}

// Refuse records that a request was refused before its operation was known, and returns the
// result of that.
func (e *Engine) Refuse(ctx context.Context, why *refusal.Refusal) *Result {
	result, op := Refused(why), &operation{}
	e.record(ctx, labelsOf(op, result), lineOf(ctx, op, result), result, 0)
	return result
}

// Panicked logs and counts the panic v of a transport, and returns the result of its operation.
func (e *Engine) Panicked(ctx context.Context, v any) *Result {
	e.reportPanic(ctx, fault.Recovered("", v))
	return Refused(refusal.From(&fault.Error{Kind: fault.Internal}))
}
