package graphqlserver

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// hash is the SHA-256 of a document's text.
type hash [sha256.Size]byte

func hashOf(text string) hash { return sha256.Sum256([]byte(text)) }

func (h hash) String() string { return hex.EncodeToString(h[:]) }

// short is the first 12 digits of the hash.
func (h hash) short() string { return hex.EncodeToString(h[:6]) }

// parseHash parses a hash in lower-case hexadecimal, as clients send it.
func parseHash(text string) (h hash, ok bool) {
	if len(text) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(text))
	return h, err == nil && h.String() == text
}

// The memory of a document besides its text, measured on documents of many shapes: a
// constant, and an amount per node of its syntax tree.
const (
	documentOverhead = 1024
	nodeBytes        = 288
)

// maxShare limits one document to 1/maxShare of the cache.
const maxShare = 32

// documentCache caches valid documents by the hash of their text, bounded in bytes. When
// it is full, a document is admitted only if it was requested more often than the one it
// would evict, so that made-up documents do not evict those in use. Very long documents
// are never admitted. It is safe for concurrent use.
type documentCache struct {
	entries *otter.Cache[hash, *document]
	longest int
}

// newDocumentCache returns a cache of at most about maxBytes.
func newDocumentCache(maxBytes int) *documentCache {
	return &documentCache{
		longest: maxBytes / maxShare,
		entries: otter.Must(&otter.Options[hash, *document]{
			MaximumWeight: uint64(max(1, maxBytes)),
			Weigher:       func(_ hash, d *document) uint32 { return uint32(min(d.bytes(), 1<<31)) }, //nolint:gosec // G115: it is bounded
			Executor:      func(work func()) { work() },                                              // run on the caller's goroutine
		}),
	}
}

func (c *documentCache) get(h hash) (*document, bool) { return c.entries.GetIfPresent(h) }

func (c *documentCache) add(d *document) {
	if d.bytes() <= c.longest {
		c.entries.Set(d.hash, d)
	}
}

// bytes estimates the memory of the document.
func (d *document) bytes() int {
	n := nodes(d.QueryDocument)
	if d.inParts != nil {
		n *= 2
	}
	return documentOverhead + len(d.text) + nodeBytes*n
}

// nodes counts the selections, arguments, directives and values of a document, as
// written.
func nodes(doc *ast.QueryDocument) (n int) {
	eachSet(doc, func(set ast.SelectionSet) {
		for _, sel := range set {
			n++
			switch sel := sel.(type) {
			case *ast.Field:
				n += argumentNodes(sel.Arguments) + directiveNodes(sel.Directives)
			case *ast.InlineFragment:
				n += directiveNodes(sel.Directives)
			case *ast.FragmentSpread:
				n += directiveNodes(sel.Directives)
			}
		}
	})
	for _, op := range doc.Operations {
		n += directiveNodes(op.Directives)
		for _, v := range op.VariableDefinitions {
			n += 2 + valueNodes(v.DefaultValue) + directiveNodes(v.Directives)
		}
	}
	for _, f := range doc.Fragments {
		n += directiveNodes(f.Directives)
	}
	return n
}

func directiveNodes(list ast.DirectiveList) (n int) {
	for _, d := range list {
		n += 1 + argumentNodes(d.Arguments)
	}
	return n
}

func argumentNodes(list ast.ArgumentList) (n int) {
	for _, a := range list {
		n += 1 + valueNodes(a.Value)
	}
	return n
}

func valueNodes(v *ast.Value) int {
	if v == nil {
		return 0
	}
	n := 1
	for _, child := range v.Children {
		n += 1 + valueNodes(child.Value)
	}
	return n
}
