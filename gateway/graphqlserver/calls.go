package graphqlserver

import (
	"context"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/lookahead"
)

// checkCalls refuses an operation that may need too many calls to a service.
func (l *limiter) checkCalls(cost *lookahead.Cost) *Result {
	for _, c := range cost.Services {
		if c.AtMost > l.Calls {
			return l.refuse(excess{
				limit: limitCalls, value: c.AtMost, allowed: l.Calls, service: c.Service,
				message: fmt.Sprintf("the operation may cost %d calls to the %s service, more than %d", c.AtMost, c.Service, l.Calls),
			})
		}
	}
	return nil
}

// CostHeader is the request header, of any non-empty value, by which a client asks
// for the cost of its operation. It is ignored unless [Config.Cost] is on.
const CostHeader = "Tributary-Cost"

// wantsCost reports whether a client requests the cost and may have it.
func (s *Server) wantsCost(r *http.Request) bool {
	return s.cfg.Cost && r.Header.Get(CostHeader) != ""
}

// priced is Execute with the cost in the result, even if the operation is refused for it
// or served from the cache.
func (s *Server) priced(ctx context.Context, req Request) *Result {
	req.Cost = false
	r := *s.Execute(ctx, req) // a copy: what Execute gives may be shared
	r.Cost, _ = s.Explain(ctx, req)
	r.kept = nil
	return &r
}

// Explain computes the cost of an operation in upstream calls without executing
// it. A non-nil result has the reason why the operation would be refused; if that
// is its cost, the cost is returned as well.
func (s *Server) Explain(ctx context.Context, req Request) (*lookahead.Cost, *Result) {
	q, refused := s.find(ctx, req)
	if refused != nil {
		return nil, refused
	}
	refused = s.prepare(graphql.StartOperationTrace(ctx), q)
	return q.cost, refused
}
