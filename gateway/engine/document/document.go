// Package document holds GraphQL documents: it finds the text that a request names, checks
// that it is trusted, parses and validates it, and caches the result.
package document

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"

	"tributary/gateway/execute"
	"tributary/gateway/internal/digest"
)

// Document is a parsed, valid document. It is shared and read-only.
type Document struct {
	*ast.QueryDocument // without @defer, which a server may ignore

	WithDefer *ast.QueryDocument // with it; nil if the document has none
	Defers    *execute.Defers    // of WithDefer
	Hash      digest.Sum         // of Text
	Text      string
	Tokens    digest.Sum // equal for documents that differ in insignificant characters at most, see [tokensOf]
	Known     bool       // the gateway knew the document before its clients sent it: metrics may name its operations

	weight     int // approximate size in bytes
	properties properties
}

// newDocument returns the document of a text that was parsed and is valid.
func newDocument(parsed *ast.QueryDocument, hash digest.Sum, text string, known bool) *Document {
	d := &Document{QueryDocument: parsed, Hash: hash, Text: text, Tokens: tokensOf(text, hash), Known: known}
	if hasDefer(parsed) {
		d.QueryDocument, d.WithDefer = withoutDefer(parsed), parsed
		d.Defers = execute.NumberDefers(parsed)
		d.weight = weigh(d.WithDefer) + d.Defers.Bytes()
	}
	d.weight += documentOverhead + len(text) + propertyBytes*len(d.Operations) + weigh(d.QueryDocument)
	return d
}

// maxNormalized is the length of the longest document of which insignificant characters do
// not matter, in bytes. To read the tokens of a longer one again costs as much as parsing it.
const maxNormalized = 64 << 10

// tokensOf returns a digest of the tokens of a valid document, or of its text if that is
// long.
func tokensOf(text string, hash digest.Sum) digest.Sum {
	if len(text) > maxNormalized {
		return hash
	}
	d := digest.NewSequence()
	for tokens := lexer.New(&ast.Source{Input: text}); ; {
		token, err := tokens.ReadToken()
		switch {
		case err != nil || token.Kind == lexer.EOF:
			return d.Sum()
		case token.Kind != lexer.Comment:
			d.Text(token.Kind.Name())
			d.Text(token.Value)
		}
	}
}

// hasDefer reports whether a document has @defer.
func hasDefer(doc *ast.QueryDocument) bool {
	for _, op := range doc.Operations {
		if hasDeferIn(op.SelectionSet) {
			return true
		}
	}
	for _, fragment := range doc.Fragments {
		if hasDeferIn(fragment.SelectionSet) {
			return true
		}
	}
	return false
}

func hasDeferIn(set ast.SelectionSet) bool {
	for _, sel := range set {
		found := false
		switch sel := sel.(type) {
		case *ast.Field:
			found = hasDeferIn(sel.SelectionSet)
		case *ast.InlineFragment:
			found = sel.Directives.ForName("defer") != nil || hasDeferIn(sel.SelectionSet)
		case *ast.FragmentSpread:
			found = sel.Directives.ForName("defer") != nil
		}
		if found {
			return true
		}
	}
	return false
}
