package httpserver

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
)

// NewRouter returns a router whose every route is measured, logged, given a
// request id and survives a panic. From the outside in:
//
//	request id → metrics and log → recover → nosniff → routes
func NewRouter(log *slog.Logger, reg prometheus.Registerer) *chi.Mux {
	r := chi.NewRouter()
	r.Use(withRequestID, observe(log, newMetrics(reg)), recoverer(log), noSniff)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, Problem{Status: http.StatusNotFound, Code: "NOT_FOUND"})
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, Problem{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED"})
	})
	return r
}

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	active   prometheus.Gauge
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
	}
	reg.MustRegister(m.requests, m.duration, m.active)
	return m
}

// observe counts, times and logs every request. Labels are bounded: methods
// that HTTP does not define are OTHER, paths without a route are unmatched.
func observe(log *slog.Logger, m *metrics) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			m.active.Inc()
			defer m.active.Dec()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(ww, r)

			method, route, status := knownMethod(r.Method), routePattern(r), ww.Status()
			if status == 0 {
				status = http.StatusOK
			}
			took := time.Since(start)
			m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
			m.duration.WithLabelValues(method, route).Observe(took.Seconds())
			level := slog.LevelInfo
			if status >= 500 {
				level = slog.LevelWarn
			}
			log.LogAttrs(r.Context(), level, "request",
				slog.String("method", method),
				slog.String("route", route),
				slog.Int("status", status),
				slog.Float64("duration_ms", float64(took.Microseconds())/1000),
				slog.Int("bytes", ww.BytesWritten()))
		})
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

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "OTHER"
}

// recoverer answers 500 when a handler panics and logs the panic with its
// stack. A handler that aborts its answer on purpose goes on doing so.
func recoverer(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				switch v := recover(); v {
				case nil:
				case http.ErrAbortHandler:
					panic(v)
				default:
					log.ErrorContext(r.Context(), "panic", "panic", v, "stack", string(debug.Stack()))
					WriteFault(w, r, &fault.Error{Kind: fault.Internal})
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
}

func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
