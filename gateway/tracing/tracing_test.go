package tracing_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tributary/gateway/tracing"
	"tributary/internal/testkit/otlptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// one sends a request through a provider configured by the environment, with a
// traceparent if that is not "", and closes the provider.
func one(t *testing.T, traceparent string, inside func(ctx context.Context)) {
	t.Helper()
	p, err := tracing.New(t.Context(), tracing.Source{Name: "me", Version: "1"}, os.Getenv, quiet())
	if err != nil {
		t.Fatal(err)
	}
	h := p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if inside != nil {
			inside(r.Context())
		}
	}))
	r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
	if traceparent != "" {
		r.Header.Set("Traceparent", traceparent)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	p.Close(t.Context())
}

func TestSpansArriveByHTTPAndByGRPC(t *testing.T) {
	for protocol, url := range map[string]func(*otlptest.Collector) string{
		"http/protobuf": func(c *otlptest.Collector) string { return c.URL },
		"grpc":          func(c *otlptest.Collector) string { return c.GRPCURL },
	} {
		t.Run(protocol, func(t *testing.T) {
			c := otlptest.New(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url(c))
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			one(t, "", nil)
			if spans := c.Spans(); len(spans) != 1 || spans[0].Server != "me" || spans[0].Resource["service.version"] != "1" {
				t.Errorf("got %+v", spans)
			}
		})
	}
}

func TestSamplersAreThoseOfTheEnvironmentAndHeedTheCaller(t *testing.T) {
	const sampled, not = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	for name, tt := range map[string]struct {
		sampler, traceparent string
		spans                int
	}{
		"all, by default":              {"", "", 1},
		"what the caller samples":      {"", sampled, 1},
		"not what the caller doesn't":  {"", not, 0},
		"none":                         {"always_off", "", 0},
		"all whatever the caller says": {"always_on", not, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := otlptest.New(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
			t.Setenv("OTEL_TRACES_SAMPLER", tt.sampler)
			one(t, tt.traceparent, func(ctx context.Context) {
				if tt.traceparent != "" && tracing.ID(ctx) != "0af7651916cd43dd8448eb211c80319c" {
					t.Errorf("in trace %q", tracing.ID(ctx))
				}
				header := http.Header{}
				tracing.Inject(ctx, header)
				if on := strings.HasSuffix(header.Get("Traceparent"), "-01"); on != (tt.spans > 0) {
					t.Errorf("passes on %q", header)
				}
			})
			if n := len(c.Spans()); n != tt.spans {
				t.Errorf("%d spans, want %d", n, tt.spans)
			}
		})
	}
}

func TestATraceIsPassedOnThoughThisServerRecordsNone(t *testing.T) {
	const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	var off *tracing.Provider
	off.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header := http.Header{}
		tracing.Inject(r.Context(), header)
		if header.Get("Traceparent") != theirs {
			t.Errorf("passes on %q", header)
		}
	})).ServeHTTP(httptest.NewRecorder(), func() *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Traceparent", theirs)
		return r
	}())
}

func TestACollectorThatIsDownCostsNothingButALineInTheLog(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "100")
	one(t, "", nil)
}

func TestTracingThatIsOffAllocatesNothing(t *testing.T) {
	ctx := nested(t.Context(), 10)
	allocations := testing.AllocsPerRun(100, func() {
		ctx, span := tracing.Start(ctx, tracing.Batch, "batch", "poets")
		span.Int(tracing.Keys, 3)
		span.String(tracing.Outcome, "ok")
		span.Fail("timeout")
		span.Link(tracing.Current(ctx).Ref())
		span.End()
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

type level int

func nested(ctx context.Context, levels int) context.Context {
	if levels == 0 {
		return ctx
	}
	return nested(context.WithValue(ctx, level(levels), 1), levels-1)
}

func BenchmarkStart(b *testing.B) {
	deep := nested(context.Background(), 10) // about as deep as in a resolver
	b.Run("off", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, span := tracing.Start(deep, tracing.Batch, "batch", "poets")
			span.Int(tracing.Keys, 3)
			span.End()
		}
	})
	b.Run("collected", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx, _ := tracing.Collect(deep)
			_, span := tracing.Start(ctx, tracing.Batch, "batch", "poets")
			span.Int(tracing.Keys, 3)
			span.End()
		}
	})
}
