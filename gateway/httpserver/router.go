package httpserver

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// Router registers routes, and middleware for some of them.
type Router = chi.Router

// Mux is a [Router] that gives every request an id, measures and logs it, and
// recovers from panics. From the outside in:
//
//	request id → metrics and log → recover → nosniff → HEAD as GET → routes
type Mux struct {
	*chi.Mux

	log     *slog.Logger
	metrics *metrics
	spare   sync.Pool // of *chi.Context, which keep what they have allocated
}

// NewRouter returns a router without routes that logs to log and registers its
// metrics with reg.
func NewRouter(log *slog.Logger, reg prometheus.Registerer) *Mux {
	return newRouter(log, newMetrics(reg))
}

// Another returns a router without routes for another listener of the same server. It logs
// and measures its requests as m does, in the same metrics.
func (m *Mux) Another() *Mux { return newRouter(m.log, m.metrics) }

func newRouter(log *slog.Logger, m *metrics) *Mux {
	r := &Mux{Mux: chi.NewRouter(), log: log, metrics: m, spare: sync.Pool{New: func() any { return chi.NewRouteContext() }}}
	r.Use(observe(log, m), recoverer(log, m), noSniff(), middleware.GetHead)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, Problem{Status: http.StatusNotFound, Code: "NOT_FOUND"})
	})
	r.MethodNotAllowed(methodNotAllowed(r))
	return r
}

// ServeHTTP implements [http.Handler]. It sets the request id in the response, the
// context and the log.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, _ := m.spare.Get().(*chi.Context)
	route.Reset()
	route.Routes = m.Mux
	if knownMethod(r.Method) == otherMethod {
		route.RouteMethod = http.MethodTrace // which is for the routes of any method alone
	}
	ctx := &requestContext{Context: r.Context(), route: route}
	ctx.request.ID, ctx.request.Trace = requestID(r.Header), tracing.ID(ctx.Context)
	w.Header().Set(RequestIDHeader, ctx.request.ID)
	m.Mux.ServeHTTP(w, r.WithContext(ctx))
	m.spare.Put(route)
}

// requestContext has everything that the router adds to the context of a request. With
// one context per value, the request would be copied for each.
type requestContext struct {
	context.Context // of the request as it came

	request report.Request
	route   *chi.Context
}

// Value implements [context.Context].
func (c *requestContext) Value(key any) any {
	switch key {
	case chi.RouteCtxKey:
		return c.route
	case report.RequestKey{}:
		return &c.request
	}
	return c.Context.Value(key)
}

// PathParam returns the unescaped path segment of r at {name} in its route.
func PathParam(r *http.Request, name string) string {
	segment := r.PathValue(name)
	if r.URL.RawPath == "" {
		return segment // the router has cut it out of the unescaped path
	}
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return plain
}

// methodNotAllowed answers 405 with the methods of the path in Allow (RFC 9110, section
// 15.5.6). Metrics and logs show the pattern of one of their routes.
func methodNotAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.RawPath
		if path == "" {
			path = r.URL.Path
		}
		var allowed []string
		route := chi.RouteContext(r.Context())
		for _, method := range methods {
			asked := method
			if method == http.MethodHead {
				asked = http.MethodGet
			}
			if pattern := routes.Find(chi.NewRouteContext(), asked, path); pattern != "" {
				allowed = append(allowed, method)
				route.RoutePatterns = append(route.RoutePatterns[:0], pattern)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		WriteProblem(w, r, Problem{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED"})
	}
}

// Options answers OPTIONS with the methods of a path in Allow.
func Options(methods ...string) http.HandlerFunc {
	allow := strings.Join(append(methods, http.MethodOptions), ", ")
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
	}
}

func noSniff() func(http.Handler) http.Handler {
	value := []string{"nosniff"}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["X-Content-Type-Options"] = value
			next.ServeHTTP(w, r)
		})
	}
}
