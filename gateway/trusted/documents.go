// Package trusted holds trusted documents: those that clients were built with. If
// only these are executed, nobody can send a query that was not reviewed.
//
// Build tools of clients write the documents to a manifest; see [Documents.Load] for
// the formats. Clients then send a document's id in place of its text.
package trusted

import (
	"fmt"
	"maps"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"tributary/gateway/internal/digest"
)

// SHA256 is the prefix of ids that are the SHA-256 of a document's text in lower-case
// hexadecimal (GraphQL over HTTP, appendix A).
const SHA256 = "sha256:"

// Documents has trusted documents by their ids. Each is also found by the SHA-256 of
// its text, with and without the prefix [SHA256]. It is read-only once loaded, and nil
// is empty.
type Documents struct {
	texts map[string]string // by each of their ids
	ids   []string          // one of each document, in the order of the manifests
}

// New returns the documents of texts, each of which must have one operation, whose
// name is its id.
func New(texts ...string) (*Documents, error) {
	d := &Documents{texts: map[string]string{}}
	for _, text := range texts {
		doc, err := parse(text)
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
func (d *Documents) ByID(id string) (text string, ok bool) {
	if d == nil {
		return "", false
	}
	text, ok = d.texts[id]
	return text, ok
}

// Has reports whether text equals that of one of the documents, byte for byte.
func (d *Documents) Has(text string) bool {
	_, ok := d.ByID(SHA256 + hashOf(text))
	return ok
}

// Len is the number of documents.
func (d *Documents) Len() int {
	if d == nil {
		return 0
	}
	return len(d.ids)
}

// Equal reports whether d and other have the same documents under the same ids.
func (d *Documents) Equal(other *Documents) bool {
	if d == nil || other == nil {
		return d.Len() == other.Len()
	}
	return maps.Equal(d.texts, other.texts)
}

// Each calls f with every document and one of its ids.
func (d *Documents) Each(f func(id, text string)) {
	if d == nil {
		return
	}
	for _, id := range d.ids {
		f(id, d.texts[id])
	}
}

func (d *Documents) add(id, text string) error {
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

// parse checks the syntax of a document. It does not validate it.
func parse(text string) (*ast.QueryDocument, error) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxTokens)
	if err != nil {
		return nil, fmt.Errorf("it is not GraphQL: %w", err)
	}
	return doc, nil
}

// maxTokens bounds the cost of parsing a document, far above realistic sizes.
const maxTokens = 100_000
