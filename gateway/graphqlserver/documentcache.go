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

// parseHash reads a hash as clients send it: in hexadecimal, in lower case.
func parseHash(text string) (h hash, ok bool) {
	if len(text) != hex.EncodedLen(len(h)) {
		return h, false
	}
	_, err := hex.Decode(h[:], []byte(text))
	return h, err == nil && h.String() == text
}

// What a document takes in memory beside its text, measured over documents of
// many shapes: this much, and this much for each node of its tree.
const (
	documentOverhead = 1024
	nodeBytes        = 288
)

// maxShare is which part of the cache one document may take: 1/maxShare.
const maxShare = 32

// documentCache holds valid documents by the hash of their text, bounded in
// bytes. A document enters a full cache only when it was asked for more often
// than the one that would have to go, so that documents which are made up and
// sent once push out none that is in use; one that is very long never enters.
// It is safe for concurrent use.
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
			Executor:      func(work func()) { work() },                                              // nothing goes on behind anybody's back
		}),
	}
}

func (c *documentCache) get(h hash) (*document, bool) { return c.entries.GetIfPresent(h) }

func (c *documentCache) add(d *document) {
	if d.bytes() <= c.longest {
		c.entries.Set(d.hash, d)
	}
}

// bytes is about what the document takes in memory.
func (d *document) bytes() int {
	n := nodes(d.QueryDocument)
	if d.inParts != nil {
		n *= 2
	}
	return documentOverhead + len(d.text) + nodeBytes*n
}

// nodes is the number of selections, arguments, directives and values of a
// document, as written.
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
