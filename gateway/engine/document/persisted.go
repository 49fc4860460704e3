package document

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
)

// PersistedStore stores the texts of automatic persisted queries for all gateways. It is
// asked for documents that this gateway does not have, may lose them at any time, and must
// not block for long.
type PersistedStore interface {
	Get(ctx context.Context, name string) (text string, found bool)
	Set(ctx context.Context, name, text string)
}

// maxPersisted is the length of the longest document that is persisted, in bytes. Clients send
// the text of longer ones.
const maxPersisted = 64 << 10

// The outcomes of requests that name their document, in metrics.
const (
	persistedFound    = "found"
	persistedNotFound = "not_found"
	persistedStored   = "stored"
)

// Reference is how a request says which document it means: by a text, an id, or the hash of a
// persisted query. A hash beside a text asks to persist that text.
type Reference struct {
	Text   string
	ID     string // in a manifest, or the hash of a persisted query after "sha256:"
	SHA256 string // of an automatic persisted query
}

// Resolve returns ref with the text of its document. What needs not be persisted any more has
// no SHA256.
func (s *Store) Resolve(ctx context.Context, ref Reference) (Reference, *refusal.Refusal) {
	switch {
	case ref.Text != "" && ref.SHA256 != "" && !s.matches(ref.SHA256, ref.Text):
		r := refusal.Of(fault.BadUserInput, "sha256Hash is not the hash of query")
		r.Malformed = true
		return ref, r
	case ref.Text == "":
		text, found := s.lookup(ctx, cmp.Or(ref.ID, ref.SHA256))
		if !found {
			return ref, s.notFound()
		}
		s.deps.Metrics.persisted.WithLabelValues(persistedFound).Inc()
		ref.Text, ref.SHA256 = text, ""
	}
	return ref, nil
}

// matches reports whether id is that of a text.
func (s *Store) matches(id, text string) bool {
	if known, ok := s.trusted.ByID(id); ok {
		return known == text
	}
	return id == digest.Of(text).String()
}

// lookup finds the text of a document by its id: in the manifests, in the cache of this
// gateway, or in the store of all.
func (s *Store) lookup(ctx context.Context, id string) (string, bool) {
	if text, ok := s.trusted.ByID(id); ok {
		return text, true
	}
	h, isHash := digest.Parse(strings.TrimPrefix(id, SHA256))
	if !isHash || !s.cfg.Persisted {
		return "", false
	}
	if doc, ok := s.cache.get(h); ok {
		return doc.Text, true
	}
	if s.deps.Persisted == nil {
		return "", false
	}
	text, ok := s.deps.Persisted.Get(ctx, h.String())
	return text, ok && digest.Of(text) == h && utf8.ValidString(text)
}

// notFound refuses a document that is not known, with the messages that clients compare: they
// then send its text, or never send a hash again.
func (s *Store) notFound() *refusal.Refusal {
	s.deps.Metrics.persisted.WithLabelValues(persistedNotFound).Inc()
	if !s.cfg.Persisted && s.trusted.Len() == 0 {
		return refusal.Of(fault.PersistedUnsupported, "PersistedQueryNotSupported")
	}
	return refusal.Of(fault.PersistedNotFound, "PersistedQueryNotFound")
}

// Persist stores a valid document that its client has asked to persist.
func (s *Store) Persist(ctx context.Context, ref Reference, doc *Document) {
	if ref.SHA256 == "" || !s.cfg.Persisted || len(doc.Text) > maxPersisted {
		return
	}
	s.deps.Metrics.persisted.WithLabelValues(persistedStored).Inc()
	if s.deps.Persisted != nil {
		s.deps.Persisted.Set(ctx, doc.Hash.String(), doc.Text)
	}
}
