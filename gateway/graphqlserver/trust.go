package graphqlserver

import (
	"context"
	"log/slog"

	"tributary/gateway/fault"
)

// What is done about documents that are not trusted.
const (
	trustOff     = "off"     // nothing
	trustLog     = "log"     // they are counted, and logged when they are new
	trustEnforce = "enforce" // they are refused, before they are parsed
)

// trust sees that the document of a request is one of the trusted ones, where
// that is asked for. A result is why it is refused.
func (s *Server) trust(req *Request) *Result {
	if mode := s.cfg.TrustedMode; mode == "" || mode == trustOff || s.cfg.Trusted.Has(req.Query) {
		return nil
	}
	s.metrics.untrusted.Inc()
	if s.cfg.TrustedMode == trustEnforce {
		return refuseOne(fault.Untrusted, "only documents that the server knows are executed")
	}
	req.untrusted = true
	return nil
}

// logUntrusted tells the operator of a document that would be refused where
// trust is enforced: by its hash, and by the name that its author gave it.
func (s *Server) logUntrusted(ctx context.Context, q *query) {
	s.log.LogAttrs(ctx, slog.LevelWarn, "document is not trusted",
		slog.String("sha256", q.doc.hash.String()), slog.String("operation", shortened(q.selected.Name)))
}

// shortened is a name, of which a client may have made a long one.
func shortened(name string) string { return name[:min(len(name), maxLoggedName)] }

const maxLoggedName = 80

// checkTrusted tells the operator of trusted documents that would be refused,
// and has the others ready before they are asked for.
func (s *Server) checkTrusted() {
	s.cfg.Trusted.Each(func(id, text string) {
		if _, _, refused := s.documents.prepare(context.Background(), text); refused != nil {
			s.log.Warn("trusted document does not fit", "id", id, "error", refused.Errors.Error())
		}
	})
}
