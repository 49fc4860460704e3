package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
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

// flushTime is how long Close waits for the remaining spans to be exported.
const flushTime = time.Second

// A Source describes the service that traces come from.
type Source struct {
	Name    string // unless OTEL_SERVICE_NAME is set
	Version string
	// IgnoreEnvName ignores OTEL_SERVICE_NAME, which names another server of the process.
	IgnoreEnvName bool
}

// Provider creates the traces of one server. A nil Provider creates none.
type Provider struct {
	sdk    *sdk.TracerProvider
	tracer trace.Tracer
	log    *slog.Logger
}

// New returns a provider configured by the standard OTEL_* variables, or nil if they
// set neither an endpoint nor an exporter. A variable that is checked
// and invalid is an error that names it (see [Check]). New does not connect, and a collector that does not answer is no
// error. The OpenTelemetry library reads most variables from the process environment
// itself, so getenv must read the same one.
func New(ctx context.Context, source Source, getenv func(string) string, log *slog.Logger) (*Provider, error) {
	set, err := settingsOf(getenv)
	if err != nil || !set.on {
		return nil, err
	}
	if strings.Contains(getenv("OTEL_PROPAGATORS"), "baggage") {
		log.Warn("OTEL_PROPAGATORS: baggage is not propagated by tracing; add it to BFF_FORWARD_HEADERS to pass it on to services")
	}
	// The library's own log is plain text on stderr and contains values.
	otel.SetLogger(logr.Discard())
	ctx = context.WithoutCancel(ctx) // a server that is stopped while it starts has not failed to start
	exporter, err := set.exporter(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot export traces: %w", err)
	}
	about, err := source.resource(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot describe this server: %w", err)
	}
	// Later errors, as of a collector that is down, are reported only by this global
	// hook.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("cannot export spans", "error", err.Error()) }))
	p := &Provider{sdk: sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about)), log: log}
	p.tracer = p.sdk.Tracer(scope)
	return p, nil
}

func (s Source) resource(ctx context.Context) (*resource.Resource, error) {
	name := resource.WithAttributes(attribute.String("service.name", s.Name))
	options := []resource.Option{resource.WithTelemetrySDK(), resource.WithHost(), name,
		resource.WithAttributes(attribute.String("service.version", s.Version)), resource.WithFromEnv()}
	if s.IgnoreEnvName {
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

// Close exports the remaining spans, within a short timeout. Failure is only logged.
func (p *Provider) Close(ctx context.Context) {
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := p.sdk.Shutdown(ctx); err != nil {
		p.log.Warn("the last spans could not be exported", "error", err.Error())
	}
}

// Handler is middleware that starts a span for each request, in the trace of its
// headers or in a new one. Within next, [Current] returns that span. Health checks and
// scrapes get none.
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
