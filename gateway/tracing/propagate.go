package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceparent is the header of W3C Trace Context, as net/http spells it.
const traceparent = "Traceparent"

// Extract returns a context with the trace in header (W3C Trace Context), or ctx if
// there is none.
func Extract(ctx context.Context, header http.Header) context.Context {
	if len(header[traceparent]) == 0 {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(header))
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
