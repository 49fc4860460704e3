package engine

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/admission"
	"tributary/gateway/auth"
	"tributary/gateway/compress"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/internal/digest"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
	"tributary/gateway/tracing"
)

// Responses caches the results of queries.
type Responses = responsecache.Cache[*Result]

// Cached is a response in the response cache, which all requests served from it share.
type Cached struct {
	Body   *compress.Body // the whole GraphQL response
	Public bool           // shared caches may store it

	tagged sync.Once
	tag    string // of Body
}

// Tag returns a digest of the response, for an ETag.
func (c *Cached) Tag() string {
	c.tagged.Do(func() { c.tag = digest.Of(c.Body.Bytes()).Base64(18) })
	return c.tag
}

// kept is a cached response with what the engine keeps of its operation.
type kept struct {
	Cached

	labels labels           // for metrics
	line   report.Operation // for the log

	derived sync.Once
	form    any // what Derive made of it
}

// Cached returns what the response has in common with those of other requests, nil if it is
// not from the response cache and was not stored there.
func (r *Result) Cached() *Cached {
	if r.kept == nil {
		return nil
	}
	return &r.kept.Cached
}

// AppendCacheStatus appends the value of the Cache-Status header (RFC 9211) at now.
func (r *Result) AppendCacheStatus(b []byte, now time.Time) []byte {
	return r.Summary.AppendCacheStatus(b, now, r.stored)
}

// Derive returns of(), which is computed from r. For a cached result it is
// computed once and shared by all requests served from it, so there can be only
// one such form of a result.
func (r *Result) Derive(of func() any) any {
	if r.kept == nil {
		return of()
	}
	r.kept.derived.Do(func() { r.kept.form = of() })
	return r.kept.form
}

// cacheResponse serves queries from the response cache, and stores the results of next
// there if all their data came through the entity cache, the schema permits it,
// and nothing in them failed or is stale.
func (e *Engine) cacheResponse(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		k := e.keeping(ctx, op)
		if k == nil {
			return next(ctx, op)
		}
		if result, ok := e.responses.Get(ctx, k.key, k.own); ok {
			tracing.Current(ctx).String(tracing.Outcome, fromResponses)
			k.alias(ctx, op, k.of(result))
			return result
		}
		return k.run(ctx, next, op)
	}
}

// Recall returns the cached result for a request that is identical, byte for byte,
// to an earlier one of the same viewer, or nil if there is none.
func (e *Engine) Recall(ctx context.Context, fingerprint responsecache.Key) *Result {
	start := time.Now()
	result, _ := e.responses.GetByAlias(ctx, e.forViewer(ctx, e.current.Load().key(fingerprint)))
	if result == nil {
		return nil
	}
	_, span := tracing.Start(ctx, tracing.Operation, "operation")
	span.String(tracing.Outcome, fromResponses)
	endSpan(span, result.kept.labels, result)
	e.record(ctx, result.kept.labels, result.kept.line, result, time.Since(start))
	return result
}

// keeping has what is needed to cache the result of one query.
type keeping struct {
	engine    *Engine
	key       responsecache.Key // of a response that is the same for all viewers
	own       responsecache.Key // of one that is not
	hint      hint
	variables []byte // see [declaredVariables]
}

// keeping returns nil if the result of a query must not be cached.
func (e *Engine) keeping(ctx context.Context, op *operation) *keeping {
	if e.responses == nil || op.definition.Operation != ast.Query || len(op.denied) > 0 {
		return nil
	}
	hint := e.hints.Of(op.document, op.definition)
	variables, ok := declaredVariables(op)
	if !ok || !hint.keepable() || (hint.private && e.viewer(ctx) == "") {
		return nil
	}
	key := responseKey(op.policy.version, op, variables)
	return &keeping{e, key, responsecache.NewKey("viewer", append(key[:], e.viewer(ctx)...)), hint, variables}
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
	return responsecache.NewKey("viewer", append(fingerprint[:], v...))
}

// of returns the key of a result.
func (k *keeping) of(r *Result) responsecache.Key {
	if r.Summary.Personal {
		return k.own
	}
	return k.key
}

// alias lets an identical request find its response without being parsed. Requests
// with untrusted documents are excluded, because each of them is counted, and so are those
// whose fields have rules of the project's own: these may decide by what the viewer's key
// does not have.
func (k *keeping) alias(ctx context.Context, op *operation, key responsecache.Key) {
	if op.Fingerprint != (responsecache.Key{}) && !op.untrusted && !op.ownRules {
		k.engine.responses.SetAlias(k.engine.forViewer(ctx, op.policy.key(op.Fingerprint)), key)
	}
}

func (k *keeping) run(ctx context.Context, next handler, op *operation) *Result {
	began := time.Now()
	result := next(ctx, op)
	result.Summary.Personal = result.Summary.Personal || k.hint.private
	life := result.Summary.Life
	life.Until = k.hint.until(result.Made, life.Until)
	if result.Sent || len(result.Errors) > 0 || len(result.Summary.Degraded) > 0 || !time.Now().Before(life.Until) {
		return result
	}
	result.ruled = op.ruled
	result.kept = &kept{Cached: Cached{Public: k.hint.public && !result.Summary.Personal && !op.ruled, Body: compress.NewBody(compact(result.encode().Bytes()))}, labels: labelsOf(op, result), line: lineOf(ctx, op, result)}
	result.Summary.Life = report.Life{Until: life.Until}
	again := renewal{k.engine, op.document.Text, op.definition.Name, bytes.Clone(k.variables)}
	result.stored = k.engine.responses.Set(ctx, k.of(result), responsecache.Response[*Result]{
		Value: result.cacheCopy(), Size: keptBytes*len(result.kept.Body.Bytes()) + again.bytes(), StartedAt: began,
		Oldest: result.Summary.Oldest, Life: life,
		Refresh: func(ctx context.Context) { again.run(admission.WithClient(ctx, ""), next) }, // which no client has asked for
	})
	k.alias(ctx, op, k.of(result))
	return result
}

// compact returns b without the memory that it has in reserve, if that is much.
func compact(b []byte) []byte {
	if cap(b)-len(b) > len(b)/8 {
		return bytes.Clone(b)
	}
	return b
}

// keptBytes is roughly the memory of a cached result relative to its body: with
// the form derived from it, and compressed.
const keptBytes = 3

// cacheCopy is r for requests that are served from the cache.
func (r *Result) cacheCopy() *Result {
	later := *r
	later.Data = r.kept.Body.Bytes()[len(execute.Opening) : len(execute.Opening)+len(r.Data)]
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
	variables []byte // see [declaredVariables]
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
	if k := r.engine.keeping(ctx, op); k != nil {
		ctx, _ = report.With(ctx)
		k.run(ctx, next, op)
	}
}
