package graphqlserver

import (
	"context"

	"tributary/gateway/fault"
)

// wanted takes what next could not bring to its end, because the client has left,
// for neither an answer nor a failure. Defects that it met on the way have been
// told, and failures of services.
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
