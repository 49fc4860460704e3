package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// flushTime is how long a process that stops waits for its last spans to be taken.
const flushTime = 2 * time.Second

// A Source is a server that traces tell of.
type Source struct {
	Name    string // where OTEL_SERVICE_NAME gives no other
	Version string
	// KeepName lets OTEL_SERVICE_NAME name some other server of the process.
	KeepName bool
}

// Provider makes the traces of one server. A nil Provider makes none.
type Provider struct {
	sdk    *sdk.TracerProvider
	tracer trace.Tracer
	log    *slog.Logger
}

// New returns a provider that does what the standard OTEL_* variables say, nil
// when they ask for no traces: when none names an endpoint or an exporter. One
// that cannot be used is an error that names it (see [Check]). New does not
// connect yet, and goes on without a collector that does not answer. The
// library reads most of the variables itself, from the process's environment;
// getenv must read the same.
func New(ctx context.Context, source Source, getenv func(string) string, log *slog.Logger) (*Provider, error) {
	set, err := settingsOf(getenv)
	if err != nil || !set.on {
		return nil, err
	}
	// The library's own log is plain text on stderr, and repeats values. What it
	// would tell of settings has been checked.
	otel.SetLogger(logr.Discard())
	ctx = context.WithoutCancel(ctx) // a server that is told to stop as it starts has not failed to
	exporter, err := set.exporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot export traces: %w", err)
	}
	about, err := source.resource(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot describe this server: %w", err)
	}
	// What goes wrong later (a collector that is down) can be told to the log
	// by this global hook only.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("tracing", "error", err.Error()) }))
	p := &Provider{sdk: sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about)), log: log}
	p.tracer = p.sdk.Tracer(scope)
	return p, nil
}

func (s Source) resource(ctx context.Context) (*resource.Resource, error) {
	name := resource.WithAttributes(attribute.String("service.name", s.Name))
	options := []resource.Option{resource.WithTelemetrySDK(), resource.WithHost(), name,
		resource.WithAttributes(attribute.String("service.version", s.Version)), resource.WithFromEnv()}
	if s.KeepName {
		options = append(options, name)
	}
	return resource.New(ctx, options...)
}

func (s settings) exporter(ctx context.Context) (*otlptrace.Exporter, error) {
	if s.grpc {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

// Close exports what is left, for a moment at most. That a collector does not
// take it is logged, and no reason for a process to fail.
func (p *Provider) Close(ctx context.Context) {
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := p.sdk.Shutdown(ctx); err != nil {
		p.log.Warn("the last spans were not taken", "error", err.Error())
	}
}

// Handler gives each request a span, in the trace that its headers name, or in
// a new one. Inside, [Current] is that span. Requests that ask how the process
// is, which come by the clock, get none.
func (p *Provider) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := Extract(r.Context(), r.Header)
		if p != nil && !isCheck(r.URL.Path) {
			var span trace.Span
			ctx, span = p.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer),
				trace.WithAttributes(attribute.String(string(StepKey), string(Request))))
			defer span.End()
		}
		if ctx != r.Context() {
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

func isCheck(path string) bool {
	switch path {
	case "/health", "/livez", "/readyz", "/metrics":
		return true
	}
	return false
}
