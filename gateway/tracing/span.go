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

// scope names the maker of all spans.
const scope = "tributary"

// Span is a step under way. The zero value is of one that nobody wants to know
// of: its methods do nothing. It is safe for concurrent use.
type Span struct {
	otel    trace.Span // nil when nobody wants to know
	details *details   // nil when it is not collected
}

// Start begins a step of the request that ctx belongs to, and gives a context
// for the steps inside. Its name is words, put together only when somebody
// wants to know. Whoever starts a span ends it.
func Start(ctx context.Context, step Step, words ...string) (context.Context, Span) {
	return start(ctx, step, trace.SpanKindInternal, words)
}

// StartClient is [Start] for a step that another process does.
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
	return ctx, Span{span, collectionOf(ctx).add(step, span)}
}

// Current is the span that ctx carries, the zero Span when there is none that
// records.
func Current(ctx context.Context) Span {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return Span{}
	}
	return Span{otel: span}
}

// Within returns ctx with the current span of another context.
func Within(ctx, of context.Context) context.Context {
	return trace.ContextWithSpan(ctx, trace.SpanFromContext(of))
}

// On tells whether somebody wants to know of the step.
func (s Span) On() bool { return s.otel != nil }

// String notes an attribute. It must be one of few values: see [Span.Detail].
func (s Span) String(key Key, value string) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.String(string(key), value))
	}
}

// Int notes a number.
func (s Span) Int(key Key, value int) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.Int(string(key), value))
	}
}

// Milliseconds notes a duration.
func (s Span) Milliseconds(key Key, d time.Duration) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.Float64(string(key), float64(d.Microseconds())/1000))
	}
}

// Rename gives the span the name that was not known when it began.
func (s Span) Rename(words ...string) {
	if s.otel != nil {
		s.otel.SetName(strings.Join(words, " "))
	}
}

// Fail notes that the step failed and why, in one word of few.
func (s Span) Fail(reason string) {
	if s.otel != nil {
		s.otel.SetAttributes(attribute.String(string(ErrorType), reason))
		s.otel.SetStatus(codes.Error, reason)
	}
}

// Link notes steps of which this one is a consequence, or which wait for it.
func (s Span) Link(refs ...Ref) {
	if s.otel == nil {
		return
	}
	for _, ref := range refs {
		if ref == (Ref{}) {
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

// EndAt ends a step that was over at a moment that has passed.
func (s Span) EndAt(t time.Time) {
	if s.otel != nil {
		s.otel.End(trace.WithTimestamp(t))
	}
}

// Ref names a span, for links. The zero value names none.
type Ref struct {
	trace trace.TraceID
	span  trace.SpanID
	flags trace.TraceFlags
}

// Ref is the name of the span.
func (s Span) Ref() Ref {
	if s.otel == nil {
		return Ref{}
	}
	c := s.otel.SpanContext()
	return Ref{c.TraceID(), c.SpanID(), c.TraceFlags()}
}

// Compare orders names, by nothing that matters.
func (r Ref) Compare(other Ref) int { return bytes.Compare(r.span[:], other.span[:]) }

func (r Ref) context() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.trace, SpanID: r.span, TraceFlags: r.flags})
}
