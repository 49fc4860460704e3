package graphqlserver

import (
	"context"

	"tributary/gateway/fault"
)

// wanted turns the result of next into a canceled one if the client has disconnected,
// so that it counts neither as an answer nor as a failure. Bugs and failures of services
// on the way have been logged by then.
func wanted(next execution) execution {
	return func(ctx context.Context, q *query) *Result {
		result := next(ctx, q)
		if result.Data == nil || len(result.Errors) == 0 || !fault.Left(ctx) {
			return result
		}
		canceled := refuseOne(fault.Canceled, (&fault.Error{Kind: fault.Canceled}).Public())
		canceled.Summary, canceled.sent = result.Summary, result.sent
		return canceled
	}
}

// Canceled reports whether the operation was abandoned because its client
// disconnected.
func (r *Result) Canceled() bool { return r.Data == nil && r.refused == fault.Canceled }
