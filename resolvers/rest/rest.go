// Package rest answers REST clients by running fixed operations of the graph:
// through the same executor, loaders, cache and metrics as any GraphQL client.
package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/httpserver"
	"tributary/gateway/scalar"
	"tributary/graph"
)

// retryAfter is how many seconds a client should wait when nothing could be had.
const retryAfter = "1"

// Profile answers GET /api/profile/{id}. It is an [http.Handler].
type Profile struct {
	execute  func(context.Context, graphqlserver.Request) *graphqlserver.Result
	id       func(r *http.Request) string
	ttl      time.Duration
	duration prometheus.Histogram
}

// NewProfile returns a handler that runs its operation on server and takes the
// user's id from each request by id. Answers are fresh for ttl.
func NewProfile(server *graphqlserver.Server, id func(*http.Request) string, ttl time.Duration, reg prometheus.Registerer) *Profile {
	p := &Profile{execute: server.Execute, id: id, ttl: ttl,
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                        "aggregation_duration_seconds",
			Help:                        "How long it took to put a profile together.",
			Buckets:                     []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
			NativeHistogramBucketFactor: 1.1,
		})}
	reg.MustRegister(p.duration)
	return p
}

// ServeHTTP implements [http.Handler].
func (p *Profile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := p.id(r)
	if err := scalar.CheckID(id); err != nil {
		httpserver.WriteFault(w, r, err)
		return
	}
	start := time.Now()
	result := p.execute(r.Context(), graphqlserver.Request{
		Query:     graph.RESTProfile,
		Variables: map[string]any{"id": id},
		ReadOnly:  true,
	})
	now := time.Now()
	p.duration.Observe(now.Sub(start).Seconds())

	parts, err := parse(result)
	switch {
	case result.Overloaded():
		w.Header().Set("Retry-After", retryAfter)
		httpserver.WriteFault(w, r, &fault.Error{Kind: fault.Overloaded})
	case err != nil:
		httpserver.WriteFault(w, r, err)
	case parts == nil && len(result.Errors) == 0:
		httpserver.WriteProblem(w, r, httpserver.Problem{
			Status: http.StatusNotFound, Code: "NOT_FOUND", Detail: "there is no such user"})
	case parts == nil || parts.empty():
		nothing(w, r, result)
	default:
		a := &answer{profile: parts, userID: id, summary: result.Summary, at: now, took: now.Sub(start), ttl: p.ttl}
		a.write(w, r)
	}
}

// nothing answers when no part could be had, with the first reason that lies
// with a service or with time: that may be over soon. A defect will not.
func nothing(w http.ResponseWriter, r *http.Request, result *graphqlserver.Result) {
	for _, err := range result.Errors {
		if code, _ := err.Extensions["code"].(string); code != fault.Internal.Code() {
			w.Header().Set("Retry-After", retryAfter)
			httpserver.WriteProblem(w, r, httpserver.Problem{
				Status: http.StatusServiceUnavailable, Code: code, Detail: "no part of the profile could be had"})
			return
		}
	}
	httpserver.WriteFault(w, r, &fault.Error{Kind: fault.Internal, Err: result.Errors})
}
