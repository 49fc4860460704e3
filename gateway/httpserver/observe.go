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

// observe counts, times and logs every request, those too that are given up
// half-way. Labels are bounded: methods that HTTP does not define are OTHER,
// paths without a route are unmatched.
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
	level := slog.LevelInfo
	if a.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
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
	line.AddAttrs(report.RequestOf(ctx).Attrs(attrs)...)
	_ = log.Handler().Handle(ctx, line)
}

// isStream tells whether an answer lasted as long as its client liked, which
// says nothing of how long requests take.
func isStream(w middleware.WrapResponseWriter) bool {
	return w.Status() == http.StatusSwitchingProtocols || strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
}

// lineAttrs is how many attributes the line of a request may have.
const lineAttrs = 10

// traceRequest notes a request in its span.
func traceRequest(r *http.Request, a answer, bytes int) {
	span := tracing.Current(r.Context())
	if !span.On() {
		return
	}
	span.Rename(a.method, a.endpoint)
	span.String(tracing.Method, a.method)
	span.String(tracing.Route, a.endpoint)
	span.String(tracing.RequestID, RequestID(r.Context()))
	span.Int(tracing.Status, a.status)
	span.Int(tracing.Bytes, bytes)
	if a.status >= http.StatusInternalServerError {
		span.Fail(strconv.Itoa(a.status))
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

// recoverer answers 500 when a handler panics and logs the panic with its
// stack. An answer that has begun is broken off, so that nobody takes it for
// whole. A handler that breaks off its answer on purpose goes on doing so.
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
