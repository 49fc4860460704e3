package tracing_test

import (
	"context"
	"fmt"
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

func TestExport_HTTPAndGRPC(t *testing.T) {
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

func TestSampler_EnvironmentAndParent(t *testing.T) {
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

// A tracestate is passed on within the limits of the specification, whether or not this process traces.
func TestHandler_BoundsTracestate(t *testing.T) {
	long := "long=" + strings.Repeat("x", 200)
	for name, tt := range map[string]struct{ state, want string }{
		"a short one":        {"a=1,b=2", "a=1,b=2"},
		"with empty members": {"a=1,, b=2 ,", "a=1,b=2"},
		"33 members":         {strings.Repeat("a=1,", 32) + "b=2", ""},
		"long members":       {"a=1," + long + "1," + long + "2," + long + "3,b=2", "a=1,b=2"},
		"one of 20 KB":       {"a=" + strings.Repeat("x", 20<<10), ""},
		"many of 100 bytes":  {states(20), states(5)},
	} {
		for _, traced := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", traced), func(t *testing.T) {
				var p *tracing.Provider
				if traced {
					t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlptest.New(t).URL)
					var err error
					if p, err = tracing.New(t.Context(), tracing.Source{Name: "me"}, os.Getenv, quiet()); err != nil {
						t.Fatal(err)
					}
					defer p.Close(t.Context())
				}
				r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
				r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
				r.Header.Set("Tracestate", tt.state)
				p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					passed := http.Header{}
					tracing.Inject(r.Context(), passed)
					if got := passed.Get("Tracestate"); got != tt.want || passed.Get("Traceparent") == "" {
						t.Errorf("passes on %q", passed)
					}
				})).ServeHTTP(httptest.NewRecorder(), r)
			})
		}
	}
}

// states returns a tracestate of n members of 99 bytes.
func states(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf("k%02d=%s", i, strings.Repeat("x", 95)))
	}
	return strings.Join(members, ",")
}

// Where clients are not trusted, their traceparent decides nothing.
func TestRestart_SamplingIsDecidedHere(t *testing.T) {
	const theirs = "0af7651916cd43dd8448eb211c80319c"
	for name, tt := range map[string]struct {
		sampler, ratio, flags string
		trusted, spans        int
	}{
		"a ratio of 0":              {"parentbased_traceidratio", "0", "01", 1, 0},
		"a ratio of 1":              {"parentbased_traceidratio", "1", "00", 0, 1},
		"off, but for the parent's": {"parentbased_always_off", "", "01", 1, 0},
		"always":                    {"always_on", "", "00", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for _, trusted := range []bool{true, false} {
				c := otlptest.New(t)
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
				t.Setenv("OTEL_TRACES_SAMPLER", tt.sampler)
				t.Setenv("OTEL_TRACES_SAMPLER_ARG", tt.ratio)
				p, err := tracing.New(t.Context(), tracing.Source{Name: "me"}, os.Getenv, quiet())
				if err != nil {
					t.Fatal(err)
				}
				h := p.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if (tracing.ID(r.Context()) == theirs) != trusted || (r.Header.Get("Tracestate") == "") == trusted {
						t.Errorf("trusted %v: in trace %q with %q", trusted, tracing.ID(r.Context()), r.Header)
					}
				}))
				want := tt.trusted
				if !trusted {
					h, want = tracing.Restart(h), tt.spans
				}
				r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
				r.Header.Set("Traceparent", "00-"+theirs+"-b7ad6b7169203331-"+tt.flags)
				r.Header.Set("Tracestate", "a=1")
				h.ServeHTTP(httptest.NewRecorder(), r)
				p.Close(t.Context())
				if n := len(c.Spans()); n != want {
					t.Errorf("trusted %v: %d spans, want %d", trusted, n, want)
				}
			}
		})
	}
}

func TestPropagation_WithoutRecording(t *testing.T) {
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

func TestExport_CollectorDown(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "100")
	one(t, "", nil)
}

func TestAllocations_TracingOff(t *testing.T) {
	ctx := nested(t.Context(), 10)
	allocations := testing.AllocsPerRun(100, func() {
		ctx, span := tracing.Start(ctx, tracing.Batch, "batch", "poets")
		span.Int(tracing.Keys, 3)
		span.String(tracing.Outcome, "ok")
		span.SetError("timeout")
		span.Link(tracing.Current(ctx).SpanContext())
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
			ctx, _ := tracing.StartRecording(deep)
			_, span := tracing.Start(ctx, tracing.Batch, "batch", "poets")
			span.Int(tracing.Keys, 3)
			span.End()
		}
	})
}
