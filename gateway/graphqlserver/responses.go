package graphqlserver

import (
	"context"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/cache"
	"tributary/gateway/compress"
	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// Responses keeps the results of queries.
type Responses = cache.Responses[*Result]

// kept is what belongs to a result that may be kept, and is shared by all who
// get it.
type kept struct {
	body   *compress.Body // the whole GraphQL response
	public bool           // caches that many share may have it
	stored bool           // it is kept here

	operation operation // as figures name it

	tagged sync.Once
	tag    string // of body

	derived sync.Once
	form    any // what Derive made of it
}

// Derive gives what of makes of r. For a result that is kept this is done once,
// and what it gave is shared by all who get the result. A result is made into
// one form only.
func (r *Result) Derive(of func() any) any {
	if r.kept == nil {
		return of()
	}
	r.kept.derived.Do(func() { r.kept.form = of() })
	return r.kept.form
}

// cached gives a query the response that is kept for it, and keeps the one that
// next gives: if all of it came through the cache, the schema lets it be kept,
// and nothing failed or stands in.
func (s *Server) cached(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		k := s.keeping(q)
		if k == nil {
			return next(ctx, q)
		}
		if result, ok := s.responses.Get(ctx, k.key); ok {
			tracing.Current(ctx).String(tracing.Outcome, fromResponses)
			k.alias(q)
			return result
		}
		return k.run(ctx, next, q)
	}
}

// Recall gives the result that is kept for a request that said the same, word
// for word, as one before, nil if there is none.
func (s *Server) Recall(ctx context.Context, said cache.Key) *Result {
	start := time.Now()
	result, _ := s.responses.Recall(ctx, said)
	if result == nil {
		return nil
	}
	_, span := tracing.Start(ctx, tracing.Operation, "operation")
	span.String(tracing.Outcome, fromResponses)
	s.observe(ctx, span, result.kept.operation, result, time.Since(start))
	return result
}

// keeping is how the answer to one query is kept.
type keeping struct {
	responses *Responses
	key       cache.Key
	hint      hint
}

// keeping is nil for a query whose answer is not to be kept.
func (s *Server) keeping(q *query) *keeping {
	if q.selected.Operation != ast.Query {
		return nil
	}
	hint := q.doc.hint(s.documents.schema, q.selected)
	key, ok := responseKey(s.version, q)
	if !ok || !hint.keepable() {
		return nil
	}
	return &keeping{s.responses, key, hint}
}

// alias lets the same request find its response without being looked at again,
// unless each of its kind is to be counted.
func (k *keeping) alias(q *query) {
	if q.Said != (cache.Key{}) && !q.untrusted {
		k.responses.Alias(q.Said, k.key)
	}
}

func (k *keeping) run(ctx context.Context, next execution, q *query) *Result {
	began := time.Now()
	result := next(ctx, q)
	life := result.Summary.Life
	life.Until = k.hint.until(result.Made, life.Until)
	if result.sent || len(result.Errors) > 0 || len(result.Summary.Degraded) > 0 || !time.Now().Before(life.Until) {
		return result
	}
	result.kept = &kept{public: k.hint.public, body: compress.NewBody(encode(result)), operation: operationOf(q, result)}
	result.Summary.Life = report.Life{Until: life.Until}
	again := *q
	again.operation, again.cost, again.inParts = nil, nil, nil
	again.Query = q.doc.text // which all who sent it share
	result.kept.stored = k.responses.Keep(ctx, k.key, cache.Response[*Result]{
		Value: result.forLater(), Size: keptBytes*len(result.kept.body.Bytes()) + len(q.doc.text), Began: began,
		Oldest: result.Summary.Oldest, Life: life,
		Renew: func(ctx context.Context) {
			ctx, _ = report.With(ctx)
			k.run(ctx, next, &again)
		},
	})
	k.alias(q)
	return result
}

// keptBytes is about how many bytes a kept result takes for each of its body:
// with what is derived of it, and compressed.
const keptBytes = 3

// forLater is r for those who come after the one who had it put together.
func (r *Result) forLater() *Result {
	later := *r
	later.Data = r.kept.body.Bytes()[len(dataOpens) : len(dataOpens)+len(r.Data)]
	later.Summary.Asked, later.Summary.Calls = false, nil
	return &later
}
