package graphqlserver

import (
	"context"
	"time"

	"tributary/gateway/report"
)

// inTime notes when a result was put together, and sees that what goes out is
// fresh then, and not only when the cache was asked for it: while an answer
// waits for its slowest part, the time of others may end. Such an answer is put
// together once more, from what is there already and the parts that are due.
// One that has failures is not: that would ask those who fail again. Its
// overdue parts are marked. Nor is one that has been sent, in parts.
func inTime(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		start, rep := time.Now(), report.From(ctx)
		result := next(ctx, q)
		if len(rep.Overdue(time.Now())) > 0 && !result.sent && len(result.Errors) == 0 && len(result.Summary.Degraded) == 0 && ctx.Err() == nil {
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
