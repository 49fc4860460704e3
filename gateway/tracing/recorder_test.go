package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"tributary/gateway/tracing"
	"tributary/internal/testkit/otlptest"
)

func TestRecorder_DetailsStayLocal(t *testing.T) {
	c := otlptest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	one(t, "", func(ctx context.Context) {
		ctx, collection := tracing.StartRecording(ctx)
		_, span := tracing.StartClient(ctx, tracing.Attempt, "GET", "/poets/{id}")
		span.Detail(tracing.Path, "/poets/u1")
		span.Details(tracing.KeyList, []string{"u1"})
		span.End()
		r := collection.Spans()[0]
		if r.Attributes[tracing.Path] != "/poets/u1" || !slices.Equal(r.Attributes[tracing.KeyList].([]string), []string{"u1"}) {
			t.Errorf("collected %v", r.Attributes)
		}
	})
	spans := c.Spans()
	if len(spans) != 2 {
		t.Fatalf("%d spans were exported, want 2", len(spans))
	}
	for _, span := range spans {
		if _, told := span.Attributes["url.path"]; told || span.Attributes["tributary.key_list"] != nil {
			t.Errorf("exported %v", span.Attributes)
		}
	}
}

func TestRecorder_NotExported(t *testing.T) {
	c := otlptest.New(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	one(t, "", func(ctx context.Context) {
		trace := tracing.ID(ctx)
		ctx, collection := tracing.StartRecording(ctx)
		ctx, span := tracing.Start(ctx, tracing.Batch, "batch")
		span.End()
		if len(collection.Spans()) != 1 {
			t.Errorf("collected %v", collection.Spans())
		}
		if tracing.ID(ctx) != trace || tracing.Sampled(ctx) != "" {
			t.Errorf("trace %s became %s, sampled %q", trace, tracing.ID(ctx), tracing.Sampled(ctx))
		}
	})
	if n := len(c.Spans()); n != 0 {
		t.Errorf("%d spans were exported", n)
	}
}

func TestRecorder_SpanFields(t *testing.T) {
	ctx, collection := tracing.StartRecording(t.Context())
	inside, outer := tracing.Start(ctx, tracing.Call, "call", "poets")
	_, inner := tracing.Start(inside, tracing.Attempt, "GET", "/poets/{id}")
	inner.SetError("timeout")
	inner.End()
	_, waiting := tracing.Start(ctx, tracing.Resolve, "resolve", "Query.poet")
	outer.Link(waiting.SpanContext(), tracing.SpanContext{})
	r := collection.Spans()
	switch {
	case len(r) != 3:
		t.Fatalf("%d records", len(r))
	case r[1].Parent != r[0].ID, r[1].Error != "timeout", r[1].Attributes[tracing.ErrorType] != "timeout", r[1].End.Before(r[1].Start):
		t.Errorf("inner %+v in %+v", r[1], r[0])
	case !r[0].End.IsZero(), r[0].Error != "":
		t.Errorf("outer %+v", r[0])
	case !slices.Equal(r[0].Links, []string{r[2].ID}):
		t.Errorf("links %q", r[0].Links)
	}
}

func TestRecorder_Bounded(t *testing.T) {
	ctx, collection := tracing.StartRecording(t.Context())
	keys := make([]string, 1000)
	for range 3000 {
		_, span := tracing.Start(ctx, tracing.Batch, "batch")
		span.Details(tracing.KeyList, keys)
		span.End()
	}
	r := collection.Spans()
	if len(r) != 2000 || collection.Dropped() != 1000 || len(r[0].Attributes[tracing.KeyList].([]string)) != 100 {
		t.Errorf("%d spans, %d dropped, %d keys", len(r), collection.Dropped(), len(r[0].Attributes[tracing.KeyList].([]string)))
	}
}

// A step sets attributes and details, which the recorder has.
func ExampleCollect() {
	load := func(ctx context.Context, keys []string) error {
		_, span := tracing.Start(ctx, tracing.Batch, "batch", "poets")
		defer span.End()
		span.Int(tracing.Keys, len(keys))
		span.Details(tracing.KeyList, keys)
		span.SetError("timeout")
		return errors.New("the poet service did not answer in time")
	}

	ctx, collection := tracing.StartRecording(context.Background())
	_ = load(ctx, []string{"u1", "u2"})
	for _, r := range collection.Spans() {
		fmt.Println(r.Step, r.Name, r.Attributes[tracing.Keys], r.Attributes[tracing.KeyList], r.Error)
	}
	// Output: batch batch poets 2 [u1 u2] timeout
}
