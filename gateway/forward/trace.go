package forward

import (
	"context"
	"net/http"
	"strings"

	"tributary/gateway/tracing"
)

// Limits of W3C Trace Context and W3C Baggage.
const (
	maxStateMembers = 32
	maxStateBytes   = 512
	maxStateMember  = 128 // longer members are dropped first
	maxBaggage      = 8192
)

// trace returns a trace header of the client that may be passed on: traceparent and
// tracestate are valid together or not at all, and baggage is not longer than it may be.
func (r *request) trace(name string) string {
	if name == baggage {
		if value := joined(r.header[baggage]); len(value) <= maxBaggage {
			return value
		}
		return ""
	}
	took, passed := http.Header{traceparent: r.header[traceparent]}, http.Header{}
	if state := boundedState(strings.Join(r.header[tracestate], ",")); state != "" {
		took[tracestate] = []string{state}
	}
	tracing.Inject(tracing.Extract(context.Background(), took), passed)
	return passed.Get(name)
}

// boundedState returns the members of a tracestate that are passed on: none if it has too
// many, and else without the long ones, and then the last ones, if it is too long.
func boundedState(value string) string {
	var members []string
	length := -1
	for member := range strings.SplitSeq(value, ",") {
		if member = strings.Trim(member, " \t"); member != "" {
			members = append(members, member)
			length += len(member) + 1
		}
		if len(members) > maxStateMembers {
			return ""
		}
	}
	if length > maxStateBytes {
		kept := members[:0]
		for _, member := range members {
			if len(member) <= maxStateMember {
				kept = append(kept, member)
			}
		}
		members = kept
	}
	for len(strings.Join(members, ",")) > maxStateBytes {
		members = members[:len(members)-1]
	}
	return strings.Join(members, ",")
}
