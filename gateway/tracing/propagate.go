package tracing

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// The headers of W3C Trace Context, as net/http spells them.
const (
	traceparent = "Traceparent"
	tracestate  = "Tracestate"
)

// Limits of W3C Trace Context (sections 3.3.1.1 and 3.3.1.5).
const (
	maxStateMembers = 32
	maxStateBytes   = 512
	maxStateMember  = 128 // longer members are dropped first
)

// Extract returns a context with the trace in header (W3C Trace Context), or ctx if
// there is none or its traceparent is invalid. A tracestate is cut to its limits.
func Extract(ctx context.Context, header http.Header) context.Context {
	if len(header[traceparent]) == 0 {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, fields{propagation.HeaderCarrier(header)})
}

// fields is a carrier with the values of repeated fields in one list: several traceparent
// are an invalid one, and several tracestate are a single list (Trace Context, section 3).
type fields struct{ propagation.HeaderCarrier }

// Get implements [propagation.TextMapCarrier].
func (f fields) Get(name string) string {
	value := strings.Join(http.Header(f.HeaderCarrier).Values(name), ",")
	if http.CanonicalHeaderKey(name) == tracestate {
		return boundedState(value)
	}
	return value
}

// Restart is middleware that drops the trace of requests, so that each begins one of its own
// and its sampling is decided here.
func Restart(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header[traceparent]) > 0 || len(r.Header[tracestate]) > 0 {
			copied := *r
			copied.Header = r.Header.Clone()
			delete(copied.Header, traceparent)
			delete(copied.Header, tracestate)
			r = &copied
		}
		next.ServeHTTP(w, r)
	})
}

// Inject sets the trace and span of ctx in header (W3C Trace Context), even if this
// process does not record the trace.
func Inject(ctx context.Context, header http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
}

// ID returns the trace id of ctx in hexadecimal, or "".
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// Sampled is [ID] for traces that are exported, and "" for others.
func Sampled(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
		return c.TraceID().String()
	}
	return ""
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
