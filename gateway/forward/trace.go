package forward

import (
	"context"
	"net/http"

	"tributary/gateway/tracing"
)

// maxBaggage is the limit of W3C Baggage, in bytes.
const maxBaggage = 8192

// trace returns a trace header of the client that may be passed on: traceparent and
// tracestate are valid together or not at all, and baggage is not longer than it may be.
func (r *request) trace(name string) string {
	if name == baggage {
		if value := joined(r.header[baggage], ", "); len(value) <= maxBaggage {
			return value
		}
		return ""
	}
	passed := http.Header{}
	tracing.Inject(tracing.Extract(context.Background(), r.header), passed)
	return passed.Get(name)
}
