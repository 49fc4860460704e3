package httpserver

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
)

// Router is what routes are added to, and middleware for some of them.
type Router = chi.Router

// NewRouter returns a router whose every route is measured, logged, given a
// request id and survives a panic. From the outside in:
//
//	request id → metrics and log → recover → nosniff → HEAD as GET → routes
func NewRouter(log *slog.Logger, reg prometheus.Registerer) *chi.Mux {
	m := newMetrics(reg)
	r := chi.NewRouter()
	r.Use(withRequestID, observe(log, m), recoverer(log, m), noSniff, middleware.GetHead)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, Problem{Status: http.StatusNotFound, Code: "NOT_FOUND"})
	})
	r.MethodNotAllowed(methodNotAllowed(r))
	return r
}

// PathParam gives the segment of r's path that stands where its route has
// {name}, unescaped.
func PathParam(r *http.Request, name string) string {
	segment := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return segment // the router has cut it out of the unescaped path
	}
	plain, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return plain
}

// methodNotAllowed answers 405 and tells in Allow, as RFC 9110 wants, which
// methods the path has.
func methodNotAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.RawPath
		if path == "" {
			path = r.URL.Path
		}
		var allowed []string
		for _, method := range methods {
			asked := method
			if method == http.MethodHead {
				asked = http.MethodGet
			}
			if routes.Match(chi.NewRouteContext(), asked, path) {
				allowed = append(allowed, method)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		WriteProblem(w, r, Problem{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED"})
	}
}

// Options answers OPTIONS for a path that has methods.
func Options(methods ...string) http.HandlerFunc {
	allow := strings.Join(append(methods, http.MethodOptions), ", ")
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
	}
}

func noSniff(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
