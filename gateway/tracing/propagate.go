package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceparent is the header of W3C Trace Context, as net/http spells it.
const traceparent = "Traceparent"

// Extract returns a context in the trace that header names, after W3C Trace
// Context: ctx itself when it names none.
func Extract(ctx context.Context, header http.Header) context.Context {
	if len(header[traceparent]) == 0 {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(header))
}

// Inject sets in header which span of which trace a request comes from. It
// does so for a trace that is not recorded here too, and that others record.
func Inject(ctx context.Context, header http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(header))
}

// ID is the id of the trace that ctx belongs to, in hexadecimal, "" outside of one.
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}

// Sampled is [ID] for traces that are exported, "" for others.
func Sampled(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
		return c.TraceID().String()
	}
	return ""
}
