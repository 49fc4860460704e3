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

// wantsTrace reports whether a client requests a trace and may have it.
func (s *Server) wantsTrace(r *http.Request) bool {
	return r.Header.Get(TraceHeader) != "" && (s.cfg.Trace || (s.cfg.Operator != nil && s.cfg.Operator(r)))
}

// traced is Execute with the spans of the operation collected. Its result is not cached,
// because the trace belongs to this request.
func (s *Server) traced(ctx context.Context, req Request) *Result {
	req.Trace = false
	ctx, collection := tracing.Collect(ctx)
	r := *s.Execute(ctx, req) // a copy: what Execute gives may be shared
	spans := collection.Spans()
	r.Trace = waterfall.New(spans, collection.Dropped())
	r.Trace.FromResponseCache = r.kept != nil && !slices.ContainsFunc(spans, func(s tracing.Record) bool { return s.Step == tracing.Execute })
	r.kept = nil
	return &r
}
