package tracing

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceparent is the header of W3C Trace Context, as net/http spells it.
const traceparent = "Traceparent"

// Extract returns a context with the trace in header (W3C Trace Context), or ctx if
// there is none or its traceparent is invalid.
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
	return strings.Join(http.Header(f.HeaderCarrier).Values(name), ",")
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
