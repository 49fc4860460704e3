package graphqlserver

import (
	"context"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/report"
)

// inTime records when a result was completed, and ensures that it is still fresh
// then: entries that were fresh when they were read may expire while the slowest
// part is being loaded. Such a result is executed once more, which loads only the
// expired parts. A mutation is not, nor is a result that has failures, since that would
// call failing services again, or that was already sent in parts; their expired parts are
// marked as stale.
func inTime(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		start, rep := time.Now(), report.From(ctx)
		result := next(ctx, q)
		if len(rep.Overdue(time.Now())) > 0 && !result.sent && q.selected.Operation != ast.Mutation && len(result.Errors) == 0 && len(result.Summary.Degraded) == 0 && ctx.Err() == nil {
			rep.Again()
			result = next(ctx, q)
		}
		now := time.Now()
		for _, use := range rep.Overdue(now) {
			rep.OutOfDate(use.Service, now.Sub(use.Answered))
			result.Summary = rep.Summary()
		}
		result.Made, result.Took = now, now.Sub(start)
		return result
	}
}
