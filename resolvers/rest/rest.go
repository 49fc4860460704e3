// Package rest serves REST clients by executing fixed GraphQL operations, with the same
// executor, loaders, cache and metrics as for GraphQL clients.
package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/app"
	"tributary/gateway/engine"
	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/responsecache"
	"tributary/gateway/scalar"
	"tributary/gateway/telemetry"
	"tributary/graph"
)

// retryAfter is the Retry-After, in seconds, if no part could be loaded.
const retryAfter = "1"

// Profile answers GET /api/profile/{id}. It is an [http.Handler].
type Profile struct {
	engine   *engine.Engine
	id       func(r *http.Request) string
	ttl      time.Duration
	duration prometheus.Histogram
}

// NewProfile returns a handler that executes its operation by an engine. id extracts the
// user's id from a request, and ttl is the cache TTL reported to clients.
func NewProfile(e *engine.Engine, id func(*http.Request) string, ttl time.Duration, reg prometheus.Registerer) *Profile {
	p := &Profile{engine: e, id: id, ttl: ttl,
		duration: prometheus.NewHistogram(telemetry.Durations("aggregation_duration_seconds", "How long it took to build a profile."))}
	reg.MustRegister(p.duration)
	return p
}

// Routes returns the routes of the REST endpoint, for [app.Graph].
func Routes(api *app.API) []app.Route {
	profile := NewProfile(api.Engine, func(r *http.Request) string { return httpserver.PathParam(r, "id") }, api.TTL, api.Metrics)
	return []app.Route{
		{Pattern: "/api/profile/{id}", Handler: profile},
		{Pattern: "/api/profile/", Handler: profile}, // an empty id is a bad one, not a wrong address
	}
}

// ServeHTTP implements [http.Handler].
func (p *Profile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := p.id(r)
	if err := scalar.CheckID(id); err != nil {
		httpserver.WriteFault(w, r, err)
		return
	}
	start := time.Now()
	result := p.result(r.Context(), id)
	telemetry.Observe(r.Context(), p.duration, time.Since(start))
	made, _ := result.Memoize(func() any { return p.build(id, result) }).(outcome)
	refusal, overload := result.Refusal(), result.Overload()
	switch {
	case refusal != nil:
		httpserver.WriteFault(w, r, refusal)
	case overload != nil:
		w.Header().Set("Retry-After", retryAfter)
		httpserver.WriteFault(w, r, overload)
	case result.Canceled():
		httpserver.WriteFault(w, r, &fault.Error{Kind: fault.Canceled})
	case result.TooComplex():
		httpserver.WriteFault(w, r, &fault.Error{Kind: fault.TooComplex, Message: result.Errors[0].Message})
	case made.err != nil:
		httpserver.WriteFault(w, r, made.err)
	case made.answer != nil:
		made.answer.write(w, r, result, start)
	case len(result.Errors) == 0:
		httpserver.WriteProblem(w, r, httpserver.Problem{
			Status: http.StatusNotFound, Code: "NOT_FOUND", Detail: "there is no such user"})
	default:
		writeUnavailable(w, r, result)
	}
}

// result returns the result of the operation, cached or executed.
func (p *Profile) result(ctx context.Context, id string) *engine.Result {
	said := responsecache.NewKey("profile", []byte(id))
	if result := p.engine.LookupCached(ctx, said); result != nil {
		return result
	}
	return p.engine.Execute(ctx, engine.Request{
		Query:       graph.RESTProfile,
		Variables:   map[string]any{"id": id},
		ReadOnly:    true,
		Fingerprint: said,
	})
}

// outcome is derived from a result. Its answer is nil if no part could be loaded, or if
// there is no such user.
type outcome struct {
	answer *answer
	err    error
}

func (p *Profile) build(id string, result *engine.Result) outcome {
	parts, err := parse(result)
	if err != nil || parts == nil || parts.empty() {
		return outcome{err: err}
	}
	a, err := newAnswer(parts, id, result, p.ttl)
	if err != nil {
		err = &fault.Error{Kind: fault.Internal, Err: err}
	}
	return outcome{a, err}
}

// writeUnavailable responds if no part is available, with the first error that is due to a service
// or a timeout, since that may be transient; a bug is not.
func writeUnavailable(w http.ResponseWriter, r *http.Request, result *engine.Result) {
	for _, err := range result.Errors {
		if code, _ := err.Extensions["code"].(string); code != fault.Internal.Code() {
			w.Header().Set("Retry-After", retryAfter)
			httpserver.WriteProblem(w, r, httpserver.Problem{
				Status: http.StatusServiceUnavailable, Code: code, Detail: "no part of the profile is available"})
			return
		}
	}
	httpserver.WriteFault(w, r, &fault.Error{Kind: fault.Internal, Err: result.Errors})
}
