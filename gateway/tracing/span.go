package tracing

import (
	"bytes"
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// scope is the instrumentation scope of all spans.
const scope = "tributary"

// Span is a running step. The methods of the zero value do nothing. It is safe for
// concurrent use.
type Span struct {
	otel    trace.Span       // nil if the span is not recorded
	details *localAttributes // nil if the span is not collected
}

// Start starts a step of the request that ctx belongs to, and returns a context for
// nested steps. Its name is words, which are joined only if the span is recorded. The
// caller must end the span.
func Start(ctx context.Context, step Step, words ...string) (context.Context, Span) {
	return start(ctx, step, trace.SpanKindInternal, words)
}

// StartClient is [Start] for a request to another process.
func StartClient(ctx context.Context, step Step, words ...string) (context.Context, Span) {
	return start(ctx, step, trace.SpanKindClient, words)
}

func start(ctx context.Context, step Step, kind trace.SpanKind, words []string) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	name := strings.Join(words, " ")
	ctx, span := parent.TracerProvider().Tracer(scope).Start(ctx, name,
		trace.WithSpanKind(kind), trace.WithAttributes(attribute.String(string(StepKey), string(step))))
	return ctx, Span{span, recorderFrom(ctx).add(step, span)}
}

// Current returns the recording span of ctx, or the zero Span.
func Current(ctx context.Context) Span {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return Span{}
	}
	return Span{otel: span}
}

// WithSpanOf returns ctx with the current span of another context.
func WithSpanOf(ctx, of context.Context) context.Context {
	return trace.ContextWithSpan(ctx, trace.SpanFromContext(of))
}

// IsRecording reports whether the span is recorded.
func (s Span) IsRecording() bool { return s.otel != nil }

// String sets an attribute. Values must be bounded; see [Span.Detail] for others.
func (s Span) String(key Key, value string) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.String(string(key), value))
	}
}

// Int sets a numeric attribute.
func (s Span) Int(key Key, value int) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.Int(string(key), value))
	}
}

// Milliseconds sets an attribute to a duration in milliseconds.
func (s Span) Milliseconds(key Key, d time.Duration) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.Float64(string(key), float64(d.Microseconds())/1000))
	}
}

// Rename sets the name of a span that was not known at its start.
func (s Span) Rename(words ...string) {
	if s.otel != nil {
		s.otel.SetName(strings.Join(words, " "))
	}
}

// SetError marks the step as failed. The reason must be one of a bounded set.
func (s Span) SetError(reason string) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.String(string(ErrorType), reason))
		s.otel.SetStatus(codes.Error, reason)
	}
}

// Link links the span to others that caused it or wait for it.
func (s Span) Link(refs ...SpanContext) {
	if s.otel == nil {
		return
	}
	for _, ref := range refs {
		if ref == (SpanContext{}) {
			continue
		}
		s.otel.AddLink(trace.Link{SpanContext: ref.context()})
	}
}

// End ends the step.
func (s Span) End() {
	if s.otel != nil {
		s.otel.End()
	}
}

// EndAt ends the step as of a time in the past.
func (s Span) EndAt(t time.Time) {
	if s.otel != nil {
		s.otel.End(trace.WithTimestamp(t))
	}
}

// SpanContext identifies a span, for links. The zero value identifies none.
type SpanContext struct {
	trace trace.TraceID
	span  trace.SpanID
	flags trace.TraceFlags
}

// SpanContext returns the identity of the span.
func (s Span) SpanContext() SpanContext {
	if s.otel == nil {
		return SpanContext{}
	}
	c := s.otel.SpanContext()
	return SpanContext{c.TraceID(), c.SpanID(), c.TraceFlags()}
}

// Compare orders refs arbitrarily but consistently.
func (r SpanContext) Compare(other SpanContext) int { return bytes.Compare(r.span[:], other.span[:]) }

func (r SpanContext) context() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.trace, SpanID: r.span, TraceFlags: r.flags})
}
