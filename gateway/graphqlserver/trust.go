package graphqlserver

import (
	"context"
	"log/slog"

	"tributary/gateway/fault"
	"tributary/gateway/internal/truncate"
)

// The modes for documents that are not trusted.
const (
	trustOff     = "off"     // nothing
	trustLog     = "log"     // they are counted, and logged when they are new
	trustEnforce = "enforce" // they are refused, before they are parsed
)

// trust applies the mode to the document of a request. A non-nil result refuses it.
func (s *Server) trust(req *Request) *Result {
	if p := req.policy; p.mode == "" || p.mode == trustOff || p.trusted.Has(req.Query) {
		return nil
	}
	s.metrics.untrusted.Inc()
	if req.policy.mode == trustEnforce {
		return refuseOne(fault.Untrusted, "only trusted documents are executed")
	}
	req.untrusted = true
	return nil
}

// logUntrusted logs the hash and the operation name of a document that the mode enforce
// would refuse.
func (s *Server) logUntrusted(ctx context.Context, q *query) {
	s.log.LogAttrs(ctx, slog.LevelWarn, "document is not trusted",
		slog.String("sha256", q.doc.hash.String()), slog.String("operation", logged(q.selected.Name)))
}

// logged shortens a name chosen by a client.
func logged(name string) string { return truncate.Prefix(name, 128) }

// checkTrusted logs trusted documents that would be refused, and caches the others before
// the first request. Under load some may be left for later.
func (s *Server) checkTrusted(p *policy) {
	p.trusted.Each(func(id, text string) {
		if _, _, refused := p.documents.prepare(context.Background(), text); refused != nil && refused.Overload() == nil {
			s.log.Warn("trusted document is invalid", "id", id, "error", refused.Errors.Error())
		}
	})
}
