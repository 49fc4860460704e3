package httpserver

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

// observe measures and logs every request, including those whose handler panics. Labels
// are bounded: methods that HTTP does not define are OTHER, and paths without a route are
// unmatched.
func observe(log *slog.Logger, m *metrics) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			m.active.Inc()
			defer func() {
				m.active.Dec()
				m.answered(log, r, ww, start)
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

func (m *metrics) answered(log *slog.Logger, r *http.Request, w middleware.WrapResponseWriter, start time.Time) {
	took := time.Since(start)
	a := answer{knownMethod(r.Method), routePattern(r), w.Status()}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	ctx, s := r.Context(), m.series.Get(a)
	s.requests.Inc()
	if !isStream(w) {
		telemetry.Observe(ctx, s.duration, took)
	}
	traceRequest(r, a, w.BytesWritten())
	request := report.RequestFrom(ctx)
	level := slog.LevelInfo
	switch {
	case a.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case request != nil && request.Quiet:
		level = slog.LevelDebug
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, lineAttrs),
		slog.String("method", a.method),
		slog.String("route", a.endpoint),
		slog.Int("status", a.status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int("bytes", w.BytesWritten()))
	line := slog.NewRecord(start.Add(took), level, telemetry.RequestMessage, 0) // where it is logged is of no use, and costs
	line.AddAttrs(request.Attrs(attrs)...)
	_ = log.Handler().Handle(ctx, line)
}

// Quiet is middleware for probes and pages, whose requests are logged at debug level unless
// they fail.
func Quiet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if request := report.RequestFrom(r.Context()); request != nil {
			request.Quiet = true
		}
		next.ServeHTTP(w, r)
	})
}

// isStream reports whether a response was a stream, whose duration the client decides, so
// that it says nothing about how long requests take.
func isStream(w middleware.WrapResponseWriter) bool {
	return w.Status() == http.StatusSwitchingProtocols || strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
}

// lineAttrs is the usual number of attributes of a request's log record.
const lineAttrs = 13

// traceRequest sets the attributes of a request's span.
func traceRequest(r *http.Request, a answer, bytes int) {
	span := tracing.Current(r.Context())
	if !span.IsRecording() {
		return
	}
	span.Rename(a.method, a.endpoint)
	span.String(tracing.Method, a.method)
	span.String(tracing.Route, a.endpoint)
	span.String(tracing.RequestID, RequestID(r.Context()))
	span.Int(tracing.Status, a.status)
	span.Int(tracing.Bytes, bytes)
	if a.status >= http.StatusInternalServerError {
		span.SetError(strconv.Itoa(a.status))
	}
}

func routePattern(r *http.Request) string {
	if rc := chi.RouteContext(r.Context()); rc != nil {
		if p := rc.RoutePattern(); p != "" && p != "/*" {
			return p
		}
	}
	return "unmatched"
}

// methods are those that HTTP defines.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
}

// otherMethod stands for all methods that HTTP does not define.
const otherMethod = "OTHER"

func knownMethod(m string) string {
	if slices.Contains(methods, m) {
		return m
	}
	return otherMethod
}

// recoverer answers 500 if a handler panics, and logs the panic with its stack. If the
// response has been started, the connection is aborted, so that the client does not take
// it for complete. [http.ErrAbortHandler] is passed on.
func recoverer(log *slog.Logger, m *metrics) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler { //nolint:errorlint,err113 // the very value that net/http looks for
					panic(v)
				}
				m.panics.Inc()
				log.ErrorContext(r.Context(), "panic", "panic", v, "stack", string(debug.Stack()))
				if ww, ok := w.(middleware.WrapResponseWriter); ok && ww.Status() != 0 {
					panic(http.ErrAbortHandler)
				}
				WriteFault(w, r, &fault.Error{Kind: fault.Internal})
			}()
			next.ServeHTTP(w, r)
		})
	}
}
