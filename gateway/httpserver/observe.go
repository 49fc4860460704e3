package httpserver

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	active   prometheus.Gauge
	panics   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total",
			Help: "Requests answered, by method, route pattern and status.",
		}, []string{"method", "endpoint", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "http_request_duration_seconds",
			Help:                            "How long requests took, by method and route pattern.",
			Buckets:                         []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  160,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"method", "endpoint"}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_active_requests",
			Help: "Requests being answered now.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "http_panics_total",
			Help: "Handlers that panicked; each cost one request.",
		}),
	}
	reg.MustRegister(m.requests, m.duration, m.active, m.panics)
	return m
}

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
				m.answered(log, r, ww, time.Since(start))
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

func (m *metrics) answered(log *slog.Logger, r *http.Request, w middleware.WrapResponseWriter, took time.Duration) {
	method, route, status := knownMethod(r.Method), routePattern(r), w.Status()
	if status == 0 {
		status = http.StatusOK
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(method, route).Observe(took.Seconds())
	traceRequest(r, method, route, status, w.BytesWritten())
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	log.LogAttrs(r.Context(), level, "request",
		slog.String("method", method),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int("bytes", w.BytesWritten()))
}

// traceRequest notes a request in its span.
func traceRequest(r *http.Request, method, route string, status, bytes int) {
	span := tracing.Current(r.Context())
	if !span.On() {
		return
	}
	span.Rename(method, route)
	span.String(tracing.Method, method)
	span.String(tracing.Route, route)
	span.String(tracing.RequestID, RequestID(r.Context()))
	span.Int(tracing.Status, status)
	span.Int(tracing.Bytes, bytes)
	if status >= http.StatusInternalServerError {
		span.Fail(strconv.Itoa(status))
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

func knownMethod(m string) string {
	if slices.Contains(methods, m) {
		return m
	}
	return "OTHER"
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
