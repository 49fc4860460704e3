package graphqlserver

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/admission"
	"tributary/gateway/auth"
	"tributary/gateway/compress"
	"tributary/gateway/execute"
	"tributary/gateway/report"
	"tributary/gateway/responsecache"
	"tributary/gateway/tracing"
)

// Responses caches the results of queries.
type Responses = responsecache.Cache[*Result]

// kept is the part of a cached result that all requests served from it share.
type kept struct {
	body   *compress.Body // the whole GraphQL response
	public bool           // shared caches may store it

	operation operation        // for metrics
	line      report.Operation // for the log

	tagged sync.Once
	tag    string // of body

	derived sync.Once
	form    any // what Derive made of it
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

// cached serves queries from the response cache, and stores the results of next
// there if all their data came through the entity cache, the schema permits it,
// and nothing in them failed or is stale.
func (s *Server) cached(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		k := s.keeping(ctx, q)
		if k == nil {
			return next(ctx, q)
		}
		if result, ok := s.responses.Get(ctx, k.key, k.own); ok {
			tracing.Current(ctx).String(tracing.Outcome, fromResponses)
			k.alias(ctx, q, k.of(result))
			return result
		}
		return k.run(ctx, next, q)
	}
}

// Recall returns the cached result for a request that is identical, byte for byte,
// to an earlier one of the same viewer, or nil if there is none.
func (s *Server) Recall(ctx context.Context, fingerprint responsecache.Key) *Result {
	start := time.Now()
	result, _ := s.responses.GetByAlias(ctx, s.forViewer(ctx, s.current.Load().key(fingerprint)))
	if result == nil {
		return nil
	}
	_, span := tracing.Start(ctx, tracing.Operation, "operation")
	span.String(tracing.Outcome, fromResponses)
	s.observe(ctx, span, result.kept.operation, result.kept.line, result, time.Since(start))
	return result
}

// keeping has what is needed to cache the result of one query.
type keeping struct {
	server    *Server
	key       responsecache.Key // of a response that is the same for all viewers
	own       responsecache.Key // of one that is not
	hint      hint
	variables []byte // see [declaredVariables]
}

// keeping returns nil if the result of a query must not be cached.
func (s *Server) keeping(ctx context.Context, q *query) *keeping {
	if s.responses == nil || q.selected.Operation != ast.Query || len(q.refused) > 0 {
		return nil
	}
	hint := q.doc.hints.of(s.schema, q.selected)
	variables, ok := declaredVariables(q)
	if !ok || !hint.keepable() || (hint.private && s.viewer(ctx) == "") {
		return nil
	}
	key := responseKey(q.policy.version, q, variables)
	return &keeping{s, key, responsecache.NewKey("viewer", append(key[:], s.viewer(ctx)...)), hint, variables}
}

// viewer identifies who asks, "" if that is not known.
func (s *Server) viewer(ctx context.Context) string {
	if s.cfg.Viewer != nil {
		return s.cfg.Viewer(ctx)
	}
	if v := auth.From(ctx); v != nil {
		return v.Key()
	}
	return ""
}

// forViewer returns the key under which a request finds its response: a viewer does not
// find those of requests that others have sent, which may be different or refused.
func (s *Server) forViewer(ctx context.Context, fingerprint responsecache.Key) responsecache.Key {
	v := s.viewer(ctx)
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
func (k *keeping) alias(ctx context.Context, q *query, key responsecache.Key) {
	if q.Fingerprint != (responsecache.Key{}) && !q.untrusted && !q.ownRules {
		k.server.responses.SetAlias(k.server.forViewer(ctx, q.policy.key(q.Fingerprint)), key)
	}
}

func (k *keeping) run(ctx context.Context, next execution, q *query) *Result {
	began := time.Now()
	result := next(ctx, q)
	result.Summary.Personal = result.Summary.Personal || k.hint.private
	life := result.Summary.Life
	life.Until = k.hint.until(result.Made, life.Until)
	if result.sent || len(result.Errors) > 0 || len(result.Summary.Degraded) > 0 || !time.Now().Before(life.Until) {
		return result
	}
	result.guarded = q.guarded
	result.kept = &kept{public: k.hint.public && !result.Summary.Personal && !q.guarded, body: compress.NewBody(compact(encode(result))), operation: operationOf(q, result), line: lineOf(ctx, q.Request, q, result)}
	result.Summary.Life = report.Life{Until: life.Until}
	again := renewal{k.server, q.doc.text, q.selected.Name, bytes.Clone(k.variables)}
	result.stored = k.server.responses.Set(ctx, k.of(result), responsecache.Response[*Result]{
		Value: result.forLater(), Size: keptBytes*len(result.kept.body.Bytes()) + again.bytes(), StartedAt: began,
		Oldest: result.Summary.Oldest, Life: life,
		Refresh: func(ctx context.Context) { again.run(admission.WithClient(ctx, ""), next) }, // which no client has asked for
	})
	k.alias(ctx, q, k.of(result))
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

// forLater is r for requests that are served from the cache.
func (r *Result) forLater() *Result {
	later := *r
	later.Data = r.kept.body.Bytes()[len(execute.Opening) : len(execute.Opening)+len(r.Data)]
	later.document = nil
	later.Summary.Asked, later.Summary.Calls = false, nil
	return &later
}

// renewal is what a cached response keeps to be built anew: what of its request matters to
// the response, and nothing else of it. It is kept as long as the response.
type renewal struct {
	server    *Server
	text      string // of the document, which is that in the cache of documents if it is there
	operation string // a part of text
	variables []byte // see [declaredVariables]
}

// bytes is the memory that the renewal refers to.
func (r *renewal) bytes() int { return len(r.text) + len(r.variables) }

// run executes the operation with next, and caches the result. Without its document, which
// may have been evicted while the gateway is overloaded, it does nothing.
func (r *renewal) run(ctx context.Context, next execution) {
	p := r.server.current.Load()
	doc, _, refused := p.documents.prepare(ctx, r.text)
	if refused != nil {
		return
	}
	q := &query{
		Request: Request{Query: doc.text, OperationName: r.operation, rawVariables: r.variables, policy: p},
		doc:     doc, selected: doc.Operations.ForName(r.operation),
	}
	if q.decodeVariables() != nil {
		return
	}
	q.guarded = len(doc.guards.of(r.server.rules, q.selected)) > 0
	if k := r.server.keeping(ctx, q); k != nil {
		ctx, _ = report.With(ctx)
		k.run(ctx, next, q)
	}
}
