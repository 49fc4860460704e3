package batch_test

import (
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/tracing"
)

// A response may report its spans as soon as the last value has come.
func TestTrace_BatchEndsBeforeDelivery(t *testing.T) {
	for name, opts := range map[string]batch.Options{"alone": {Unbatched: true}, "together": {}} {
		t.Run(name, func(t *testing.T) {
			var up recorder
			l := up.loader(opts)
			ctx, collection := tracing.StartRecording(t.Context())
			ctx = batch.WithScope(ctx)
			delivered := make(chan []tracing.Record, 1)
			l.Start(ctx, "a", func(string, error) { delivered <- collection.Spans() })
			l.Flush(ctx)
			spans := <-delivered
			if len(spans) != 1 || spans[0].Step != tracing.Batch || spans[0].End.IsZero() {
				t.Errorf("spans when the value came: %+v", spans)
			}
		})
	}
}
