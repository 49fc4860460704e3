package graphqlserver

import (
	"context"
	"net/http"
	"slices"

	"tributary/gateway/tracing"
	"tributary/gateway/waterfall"
)

// TraceHeader is the request header, of any non-empty value, by which a client asks
// for a trace of its operation. It is ignored unless [Config.Trace] is on or the
// client is an operator.
const TraceHeader = "Tributary-Trace"

// wantsTrace tells whether a client asks for a trace that it may have.
func (s *Server) wantsTrace(r *http.Request) bool {
	return r.Header.Get(TraceHeader) != "" && (s.cfg.Trace || (s.cfg.Operator != nil && s.cfg.Operator(r)))
}

// traced is Execute with the spans of the operation collected. What it gives is
// kept nowhere: the trace is of this one time.
func (s *Server) traced(ctx context.Context, req Request) *Result {
	req.Trace = false
	ctx, collection := tracing.Collect(ctx)
	r := *s.Execute(ctx, req) // a copy: what Execute gives may be shared
	spans := collection.Spans()
	r.Trace = waterfall.New(spans, collection.Dropped())
	r.Trace.Kept = r.kept != nil && !slices.ContainsFunc(spans, func(s tracing.Record) bool { return s.Step == tracing.Execute })
	r.kept = nil
	return &r
}
