package tracing

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Limits of what is collected for one request.
const (
	maxRecords = 2_000
	maxList    = 100
)

// A Recorder holds the spans of one request. It is safe for concurrent use.
type Recorder struct {
	mu      sync.Mutex
	spans   []*recordedSpan
	dropped int
}

type recordedSpan struct {
	step    Step
	span    sdk.ReadOnlySpan
	details *localAttributes
}

// localAttributes are the attributes of a span that are not exported.
type localAttributes struct {
	mu     sync.Mutex
	values map[Key]any
}

// A Record is a snapshot of a span.
type Record struct {
	ID, Parent string // hexadecimal; the parents of the outermost spans are not among the records
	Step       Step
	Name       string
	Start, End time.Time   // End is zero while the step is running
	Attributes map[Key]any // string, int64, float64; KeyList is a []string
	Links      []string    // ids of spans
	Error      string      // the reason of [Span.SetError]; "" if it did not fail
}

type recorderKey struct{}

// StartRecording returns a context whose spans are collected. They are exported if they would have been
// exported without it.
func StartRecording(ctx context.Context) (context.Context, *Recorder) {
	c := &Recorder{}
	ctx = context.WithValue(ctx, recorderKey{}, c)
	if trace.SpanFromContext(ctx).IsRecording() {
		return ctx, c
	}
	// Nothing else records the request, so a local provider does. Its spans continue
	// the trace that the request belongs to, and are marked as not sampled.
	provider := sdk.NewTracerProvider(sdk.WithSampler(recordOnly{}), sdk.WithResource(resource.Empty()))
	ctx, _ = provider.Tracer(scope).Start(ctx, string(Request)) // the parent of what is collected; not collected itself
	return ctx, c
}

// recordOnly is a sampler for spans that are not exported.
type recordOnly struct{}

func (recordOnly) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	return sdk.SamplingResult{Decision: sdk.RecordOnly, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

func (recordOnly) Description() string { return "RecordOnly" }

func recorderFrom(ctx context.Context) *Recorder {
	c, _ := ctx.Value(recorderKey{}).(*Recorder)
	return c
}

func (c *Recorder) add(step Step, span trace.Span) *localAttributes {
	s, readable := span.(sdk.ReadOnlySpan)
	if c == nil || !readable {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spans) == maxRecords {
		c.dropped++
		return nil
	}
	d := &localAttributes{values: map[Key]any{}}
	c.spans = append(c.spans, &recordedSpan{step, s, d})
	return d
}

// Detail sets an attribute that is collected but not exported, such as a path.
func (s Span) Detail(key Key, value string) {
	if s.details != nil {
		s.details.set(key, value)
	}
}

// Details is [Span.Detail] for a list, of which it keeps the first hundred.
func (s Span) Details(key Key, values []string) {
	if s.details != nil {
		s.details.set(key, slices.Clone(values[:min(len(values), maxList)]))
	}
}

func (d *localAttributes) set(key Key, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values[key] = value
}

// Dropped returns the number of spans that did not fit into the recorder.
func (c *Recorder) Dropped() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// Spans returns the spans so far, in order of their start.
func (c *Recorder) Spans() []Record {
	c.mu.Lock()
	spans := slices.Clone(c.spans)
	c.mu.Unlock()
	records := make([]Record, len(spans))
	for i, s := range spans {
		records[i] = s.record()
	}
	return records
}

func (s *recordedSpan) record() Record {
	r := Record{
		ID:     s.span.SpanContext().SpanID().String(),
		Parent: s.span.Parent().SpanID().String(),
		Step:   s.step, Name: s.span.Name(),
		Start: s.span.StartTime(), End: s.span.EndTime(),
		Attributes: map[Key]any{},
	}
	for _, a := range s.span.Attributes() {
		if a.Key != attribute.Key(StepKey) {
			r.Attributes[Key(a.Key)] = a.Value.AsInterface()
		}
	}
	for _, l := range s.span.Links() {
		r.Links = append(r.Links, l.SpanContext.SpanID().String())
	}
	if status := s.span.Status(); status.Code == codes.Error {
		r.Error = status.Description
	}
	s.details.mu.Lock()
	defer s.details.mu.Unlock()
	for key, value := range s.details.values {
		r.Attributes[key] = value
	}
	return r
}
