package graphqlserver

import (
	"context"
	"strings"
	"unicode/utf8"

	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
	"tributary/gateway/trusted"
)

// Texts stores the texts of persisted documents for all gateways. It is asked for
// documents that this gateway does not know, may lose them at any time, and must
// not block for long.
type Texts interface {
	Get(ctx context.Context, name string) (text string, found bool)
	Set(ctx context.Context, name, text string)
}

// maxPersisted is how long a document may be, in bytes, for clients to have it
// remembered: of longer ones they send the text.
const maxPersisted = 64 << 10

// What came of a request that named its document, as outcome names it.
const (
	persistedFound    = "found"
	persistedNotFound = "not_found"
	persistedStored   = "stored"
)

// identify finds the text of a request that names its document, by documentId
// or by the hash of an automatic persisted query, and sees that the document is
// one to be trusted where that is asked for. A result is why it is refused.
// In-house callers of Execute need none of this.
func (s *Server) identify(ctx context.Context, req *Request) *Result {
	id := req.DocumentID
	if id == "" {
		id = req.SHA256
	}
	switch {
	case req.Query != "" && req.SHA256 != "" && !req.policy.names(req.SHA256, req.Query):
		r := refuseOne(fault.BadUserInput, "sha256Hash is not the hash of query")
		r.malformed = true
		return r
	case req.Query == "":
		text, found := s.text(ctx, req.policy, id)
		if !found {
			return s.notFound(req.policy)
		}
		s.metrics.persisted.WithLabelValues(persistedFound).Inc()
		req.Query, req.SHA256 = text, "" // there is nothing to remember
	}
	return s.trust(req)
}

// names tells whether id is that of a text.
func (p *policy) names(id, text string) bool {
	if known, ok := p.trusted.ByID(id); ok {
		return known == text
	}
	return id == digest.Of(text).String()
}

// text finds the text of a document by its id: in the manifests, among the
// documents that this gateway knows, or among those that others have put aside.
func (s *Server) text(ctx context.Context, p *policy, id string) (string, bool) {
	if text, ok := p.trusted.ByID(id); ok {
		return text, true
	}
	h, isHash := digest.Parse(strings.TrimPrefix(id, trusted.SHA256))
	if !isHash || !s.cfg.Persisted {
		return "", false
	}
	if doc, ok := p.documents.known.get(h); ok {
		return doc.text, true
	}
	if s.cfg.Texts == nil {
		return "", false
	}
	text, ok := s.cfg.Texts.Get(ctx, h.String())
	return text, ok && digest.Of(text) == h && utf8.ValidString(text)
}

// notFound refuses a document that is not known in the words that clients wait
// for: they send its text then, or never ask by hash again.
func (s *Server) notFound(p *policy) *Result {
	s.metrics.persisted.WithLabelValues(persistedNotFound).Inc()
	if !s.cfg.Persisted && p.trusted.Len() == 0 {
		return refuseOne(fault.PersistedUnsupported, "PersistedQueryNotSupported")
	}
	return refuseOne(fault.PersistedNotFound, "PersistedQueryNotFound")
}

// register puts a valid document aside whose client will ask for it by its hash.
func (s *Server) register(ctx context.Context, req *Request, doc *document) {
	if req.SHA256 == "" || !s.cfg.Persisted || len(doc.text) > maxPersisted {
		return
	}
	s.metrics.persisted.WithLabelValues(persistedStored).Inc()
	if s.cfg.Texts != nil {
		s.cfg.Texts.Set(ctx, doc.hash.String(), doc.text)
	}
}
