package upstream

import "net/http"

// breaker rejects calls to a service that fails too often, as its circuit says, and tells
// the circuit how the others end. own is the size of the configured headers.
func breaker(c *circuit, own int, next http.RoundTripper) http.RoundTripper {
	if c == nil {
		return next
	}
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		pass, err := c.admit(r)
		if err != nil {
			return nil, err
		}
		if pass.trial {
			r = as(r.Context(), r, probeAttempt)
		}
		result, reason := unknown, ""
		defer func() { c.record(pass, result, reason, r) }() // also when next panics: a trial must end
		resp, err := next.RoundTrip(r)
		if result = judge(r, resp, err, headerSize(r.Header)-own); result == fails {
			reason = outcome(r.Context(), verdict(c.figures.service, resp, err))
		}
		return resp, err
	})
}
