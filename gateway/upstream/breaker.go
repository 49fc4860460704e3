package upstream

import "net/http"

// breaker rejects calls to a service that fails too often, as its circuit says, and tells
// the circuit how the others end. own is the size of the configured headers.
func breaker(c *circuit, own int, next roundTrip) roundTrip {
	if c == nil {
		return next
	}
	return func(r *http.Request) reply {
		pass, err := c.admit(r)
		if err != nil {
			return noReply(c.figures.service, err)
		}
		if pass.trial {
			r = as(r.Context(), r, probeAttempt)
		}
		result, reason := unknown, ""
		defer func() { c.record(pass, result, reason, r) }() // also when next panics: a trial must end
		got := next(r)
		if result = judge(r, got, headerSize(r.Header)-own); result == fails {
			reason = outcome(r.Context(), got.err)
		}
		return got
	}
}
