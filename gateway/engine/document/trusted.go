package document

import (
	"fmt"
	"maps"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
)

// SHA256 is the prefix of ids that are the SHA-256 of a document's text in lower-case
// hexadecimal (GraphQL over HTTP, appendix A).
const SHA256 = "sha256:"

// Mode is what is done about documents that are not trusted. The zero value is [TrustOff].
type Mode string

// The modes, as the setting names them.
const (
	TrustOff     Mode = "off"     // they are executed like others
	TrustLog     Mode = "log"     // they are counted, and logged when they are new
	TrustEnforce Mode = "enforce" // they are refused before they are parsed
)

// Modes returns all modes.
func Modes() []Mode { return []Mode{TrustOff, TrustLog, TrustEnforce} }

// CheckTrust reports whether the mode has something against a text: it is untrusted, and is
// refused if the mode is [TrustEnforce].
func (s *Store) CheckTrust(text string) (untrusted bool, refused *refusal.Refusal) {
	if s.mode == "" || s.mode == TrustOff || s.trusted.Has(text) {
		return false, nil
	}
	s.deps.Metrics.untrusted.Inc()
	if s.mode == TrustEnforce {
		return true, refusal.Of(fault.Untrusted, "only trusted documents are executed")
	}
	return true, nil
}

// Trusted has the documents that clients were built with, by their ids. If only these are
// executed, all documents have been reviewed. Build tools of clients write them to manifests,
// see [Trusted.Load], and clients then send a document's id in place of its text.
//
// Each document is also found by the SHA-256 of its text, with and without the prefix
// [SHA256]. Trusted is read-only once loaded, and nil is empty.
type Trusted struct {
	texts map[string]string // by each of their ids
	ids   []string          // one of each document, in the order of the manifests
}

// NewTrusted returns the documents of texts, each of which must have one operation, whose
// name is its id.
func NewTrusted(texts ...string) (*Trusted, error) {
	d := &Trusted{texts: map[string]string{}}
	for _, text := range texts {
		doc, err := parseText(text)
		if err != nil {
			return nil, err
		}
		if len(doc.Operations) != 1 || doc.Operations[0].Name == "" {
			return nil, fmt.Errorf("a document must have one operation, with a name")
		}
		if err := d.add(doc.Operations[0].Name, text); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// ByID returns the text of a document.
func (d *Trusted) ByID(id string) (text string, ok bool) {
	if d == nil {
		return "", false
	}
	text, ok = d.texts[id]
	return text, ok
}

// Has reports whether text equals that of one of the documents, byte for byte.
func (d *Trusted) Has(text string) bool {
	_, ok := d.ByID(SHA256 + hashOf(text))
	return ok
}

// Len is the number of documents.
func (d *Trusted) Len() int {
	if d == nil {
		return 0
	}
	return len(d.ids)
}

// Equal reports whether d and other have the same documents under the same ids.
func (d *Trusted) Equal(other *Trusted) bool {
	if d == nil || other == nil {
		return d.Len() == other.Len()
	}
	return maps.Equal(d.texts, other.texts)
}

// Each calls f with every document and one of its ids.
func (d *Trusted) Each(f func(id, text string)) {
	if d == nil {
		return
	}
	for _, id := range d.ids {
		f(id, d.texts[id])
	}
}

func (d *Trusted) add(id, text string) error {
	if known, ok := d.texts[id]; ok {
		if known != text {
			return fmt.Errorf("two documents have the id %.80q", id)
		}
		return nil
	}
	hash := hashOf(text)
	for _, name := range []string{id, hash, SHA256 + hash} {
		d.texts[name] = text
	}
	d.ids = append(d.ids, id)
	return nil
}

func hashOf(text string) string { return digest.Of(text).String() }

// parseText checks the syntax of a document. It does not validate it.
func parseText(text string) (*ast.QueryDocument, error) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxTrustedTokens)
	if err != nil {
		return nil, fmt.Errorf("it is not GraphQL: %w", err)
	}
	return doc, nil
}

// maxTrustedTokens bounds the cost of parsing a document, far above realistic sizes.
const maxTrustedTokens = 100_000
