package engine

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/admission"
	"tributary/gateway/auth"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
	"tributary/gateway/tracing"
)

// Responses caches the results of queries.
type Responses = responsecache.Cache[*Result]

// cachedResponse is a cached response with what the engine keeps of its operation.
type cachedResponse struct {
	body   *responsecache.Body // the whole GraphQL response
	labels labels              // for metrics
	line   report.Operation    // for the log

	derived  sync.Once
	memoized any // what Memoize has computed
}

// CachedBody returns the body that the response shares with those of other requests, nil if it
// is not from the response cache and was not stored there.
func (r *Result) CachedBody() *responsecache.Body {
	if r.cached == nil {
		return nil
	}
	return r.cached.body
}

// AppendCacheStatus appends the value of the Cache-Status header (RFC 9211) at now.
func (r *Result) AppendCacheStatus(b []byte, now time.Time) []byte {
	return r.Summary.AppendCacheStatus(b, now, r.stored)
}

// Memoize returns of(), which is computed from r. For a cached result it is
// computed once and shared by all requests served from it, so there can be only
// one such form of a result.
func (r *Result) Memoize(of func() any) any {
	if r.cached == nil {
		return of()
	}
	r.cached.derived.Do(func() { r.cached.memoized = of() })
	return r.cached.memoized
}

// cacheResponse serves queries from the response cache, and stores the results of next
// there if all their data came through the entity cache, the schema permits it,
// and nothing in them failed or is stale.
func (e *Engine) cacheResponse(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		w := e.cacheWriter(ctx, op)
		if w == nil {
			return next(ctx, op)
		}
		if result, ok := e.responses.Get(ctx, w.key, w.own); ok {
			tracing.Current(ctx).String(tracing.Outcome, fromResponses)
			w.addAlias(ctx, op, w.keyOf(result))
			return result
		}
		return w.execute(ctx, next, op)
	}
}

// LookupCached returns the cached result for a request that is identical, byte for byte,
// to an earlier one of the same viewer, or nil if there is none.
func (e *Engine) LookupCached(ctx context.Context, fingerprint responsecache.Key) *Result {
	start := time.Now()
	result, _ := e.responses.GetByAlias(ctx, e.forViewer(ctx, e.current.Load().key(fingerprint)))
	if result == nil {
		return nil
	}
	_, span := tracing.Start(ctx, tracing.Operation, "operation")
	span.String(tracing.Outcome, fromResponses)
	endSpan(span, result.cached.labels, result)
	e.record(ctx, result.cached.labels, result.cached.line, result, time.Since(start))
	return result
}

// cacheWriter stores the result of one query in the response cache.
type cacheWriter struct {
	engine    *Engine
	key       responsecache.Key // of a response that is the same for all viewers
	own       responsecache.Key // of one that is not
	policy    responsecache.Policy
	variables []byte // see [responsecache.DeclaredVariables]
}

// cacheWriter returns nil if the result of a query must not be cached.
func (e *Engine) cacheWriter(ctx context.Context, op *operation) *cacheWriter {
	if e.responses == nil || op.definition.Operation != ast.Query || len(op.denied) > 0 {
		return nil
	}
	policy := e.cachePolicies.Of(op.document, op.definition)
	variables, ok := responsecache.DeclaredVariables(op.definition, op.Variables)
	if !ok || !policy.Cacheable() || (policy.Private && e.viewer(ctx) == "") {
		return nil
	}
	key := responsecache.OperationKey(op.policy.version, op.document.Tokens, op.definition.Name, variables)
	return &cacheWriter{e, key, key.ForViewer(e.viewer(ctx)), policy, variables}
}

// viewer identifies who asks, "" if that is not known.
func (e *Engine) viewer(ctx context.Context) string {
	if e.viewerKey != nil {
		return e.viewerKey(ctx)
	}
	if v := auth.From(ctx); v != nil {
		return v.Key()
	}
	return ""
}

// forViewer returns the key under which a request finds its response: a viewer does not
// find those of requests that others have sent, which may be different or refused.
func (e *Engine) forViewer(ctx context.Context, fingerprint responsecache.Key) responsecache.Key {
	v := e.viewer(ctx)
	if v == "" {
		return fingerprint
	}
	return fingerprint.ForViewer(v)
}

// keyOf returns the key under which a result is stored.
func (w *cacheWriter) keyOf(r *Result) responsecache.Key {
	if r.Summary.Personal {
		return w.own
	}
	return w.key
}

// addAlias lets an identical request find its response without being parsed. Requests
// with untrusted documents are excluded, because each of them is counted, and so are those
// whose fields have rules of the project's own: these may decide by what the viewer's key
// does not have.
func (w *cacheWriter) addAlias(ctx context.Context, op *operation, key responsecache.Key) {
	if op.Fingerprint != (responsecache.Key{}) && !op.untrusted && !op.ownRules {
		w.engine.responses.SetAlias(w.engine.forViewer(ctx, op.policy.key(op.Fingerprint)), key)
	}
}

// execute executes an operation by next and stores its result, if it may be cached.
func (w *cacheWriter) execute(ctx context.Context, next handler, op *operation) *Result {
	began := time.Now()
	result := next(ctx, op)
	result.Summary.Personal = result.Summary.Personal || w.policy.Private
	life := result.Summary.Life
	life.Until = w.policy.Expiry(result.Made, life.Until)
	if result.Sent || len(result.Errors) > 0 || len(result.Summary.Degraded) > 0 || !time.Now().Before(life.Until) {
		return result
	}
	result.ruled = op.ruled
	public := w.policy.Public && !result.Summary.Personal && !op.ruled
	result.cached = &cachedResponse{
		body:   responsecache.NewBody(compact(result.encode().Bytes()), public),
		labels: labelsOf(op, result), line: lineOf(ctx, op, result),
	}
	result.Summary.Life = report.Life{Until: life.Until}
	again := renewal{w.engine, op.document.Text, op.definition.Name, bytes.Clone(w.variables)}
	result.stored = w.engine.responses.Set(ctx, w.keyOf(result), responsecache.Response[*Result]{
		Value: result.cacheCopy(), Size: responseSizeFactor*len(result.cached.body.Bytes()) + again.bytes(), StartedAt: began,
		Oldest: result.Summary.Oldest, Life: life,
		Refresh: func(ctx context.Context) { again.run(admission.WithClient(ctx, ""), next) }, // which no client has asked for
	})
	w.addAlias(ctx, op, w.keyOf(result))
	return result
}

// compact returns b without the memory that it has in reserve, if that is much.
func compact(b []byte) []byte {
	if cap(b)-len(b) > len(b)/8 {
		return bytes.Clone(b)
	}
	return b
}

// responseSizeFactor is roughly the memory of a cached result relative to its body: with
// the form derived from it, and compressed.
const responseSizeFactor = 3

// cacheCopy is r for requests that are served from the cache.
func (r *Result) cacheCopy() *Result {
	later := *r
	later.Data = r.cached.body.Bytes()[len(execute.Opening) : len(execute.Opening)+len(r.Data)]
	later.document = nil
	later.Summary.Asked, later.Summary.Calls = false, nil
	return &later
}

// renewal is what a cached response keeps to be built anew: what of its request matters to
// the response, and nothing else of it. It is kept as long as the response.
type renewal struct {
	engine    *Engine
	text      string // of the document, which is that in the cache of documents if it is there
	operation string // a part of text
	variables []byte // see [responsecache.DeclaredVariables]
}

// bytes is the memory that the renewal refers to.
func (r *renewal) bytes() int { return len(r.text) + len(r.variables) }

// run executes the operation with next, and caches the result. Without its document, which
// may have been evicted while the gateway is overloaded, it does nothing.
func (r *renewal) run(ctx context.Context, next handler) {
	op := &operation{
		Request: Request{Query: r.text, OperationName: r.operation, RawVariables: r.variables},
		policy:  r.engine.current.Load(),
	}
	var refused *refusal.Refusal
	if op.document, _, refused = op.policy.documents.Load(ctx, r.text); refused != nil {
		return
	}
	op.Query, op.definition = op.document.Text, op.document.Operations.ForName(r.operation)
	if r.engine.decodeVariables(ctx, op) != nil {
		return
	}
	op.ruled = len(r.engine.ruledFields.Of(op.document, op.definition)) > 0
	if w := r.engine.cacheWriter(ctx, op); w != nil {
		ctx, _ = report.With(ctx)
		w.execute(ctx, next, op)
	}
}
