package graphqlserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"

	"tributary/gateway/admission"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
	"tributary/gateway/responsecache"
	"tributary/gateway/tracing"
)

// document is a parsed, valid document. It is shared and read-only.
type document struct {
	*ast.QueryDocument                    // without @defer
	inParts            *ast.QueryDocument // with it; nil if there is none
	defers             *execute.Defers    // of inParts
	hash               digest.Sum
	text               string
	meaning            responsecache.Key // see [meaningOf]
	hints              hints
	guards             guards
	weight             int  // approximate size in bytes
	registered         bool // the gateway knew it beforehand, and figures may name its operations
}

// newDocument returns the document of a text that was parsed and is valid.
func newDocument(parsed *ast.QueryDocument, hash digest.Sum, text string, registered bool) *document {
	d := &document{QueryDocument: parsed, hash: hash, text: text, meaning: meaningOf(text, hash), registered: registered}
	if defers(parsed) {
		d.QueryDocument, d.inParts = undeferred(parsed), parsed
		d.defers = execute.NumberDefers(parsed)
		d.weight = weigh(d.inParts) + d.defers.Bytes()
	}
	d.weight += documentOverhead + len(text) + hintBytes*len(d.Operations) + weigh(d.QueryDocument)
	return d
}

// documents parses and validates documents, a few at a time, and caches the valid ones.
// It is safe for concurrent use.
type documents struct {
	gate      *admission.Gate
	validator *validator
	limits    *limiter
	known     *documentCache

	registered map[digest.Sum]bool
	time       func(phase string) func() // times what is done with one
}

// prepare returns the document of a text and whether it was not cached, or the result
// that refuses it.
func (d *documents) prepare(ctx context.Context, text string) (doc *document, isNew bool, refused *Result) {
	sum := digest.Of(text)
	if doc, ok := d.known.get(sum); ok {
		return doc, false, nil
	}
	leave, refused := enter(ctx, d.gate)
	if refused != nil {
		return nil, true, refused
	}
	defer leave()
	if doc, ok := d.known.get(sum); ok { // it was new to another request as well
		return doc, false, nil
	}
	text = strings.Clone(text) // it may be a part of a longer one, such as a URL
	parsed, refused := d.parse(ctx, text)
	if refused != nil {
		return nil, true, refused
	}
	if refused := d.check(ctx, parsed); refused != nil {
		return nil, true, refused
	}
	doc = newDocument(parsed, sum, text, d.registered[sum])
	d.known.add(doc)
	return doc, true, nil
}

// parse parses a text.
func (d *documents) parse(ctx context.Context, text string) (*ast.QueryDocument, *Result) {
	_, span := tracing.Start(ctx, tracing.Parse, "parse")
	defer span.End()
	defer d.time(phaseParse)()
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, d.limits.Tokens)
	if err != nil {
		return nil, d.refuseParse(text, err)
	}
	if half := halfPair(text); half != "" {
		return nil, refuseOne(fault.ParseFailed, half+" is half of a surrogate pair")
	}
	if len(doc.Operations) == 0 {
		return nil, refuse(fault.ValidationFailed, gqlerror.List{{Message: "the document has no operation"}})
	}
	return doc, nil
}

// check refuses a document that is beyond a limit, or not valid.
func (d *documents) check(ctx context.Context, doc *ast.QueryDocument) *Result {
	_, span := tracing.Start(ctx, tracing.Validate, "validate")
	defer span.End()
	defer d.time(phaseValidate)()
	m := measure(doc)
	if refused := d.limits.checkDocument(doc, m); refused != nil {
		return refused
	}
	if errs := d.validator.validate(doc, m.name); len(errs) > 0 {
		return refuse(fault.ValidationFailed, errs)
	}
	elements := maxExpansion * d.limits.Tokens
	errs, done := d.validator.checkMerging(doc, 2*elements)
	if !done {
		return d.limits.refuse(excess{limit: limitTokens, allowed: elements, message: "the document selects too much on different types below one field"})
	}
	if len(errs) > 0 {
		return refuse(fault.ValidationFailed, errs)
	}
	return nil
}

// parserDepth is the maximum nesting of braces and brackets that is parsed.
const parserDepth = 1000

// refuseParse refuses a document that could not be parsed, because of a syntax error or
// a limit.
func (d *documents) refuseParse(document string, err error) *Result {
	switch text := err.Error(); {
	case strings.Contains(text, "exceeded token limit"):
		return d.limits.refuse(excess{limit: limitTokens, allowed: d.limits.Tokens, message: fmt.Sprintf("the document has more than %d tokens", d.limits.Tokens)})
	case strings.Contains(text, "exceeded maximum nesting depth"):
		return d.limits.refuse(excess{limit: limitDepth, allowed: d.limits.Depth, message: fmt.Sprintf("the document is nested more than %d deep", parserDepth)})
	}
	if strings.Contains(err.Error(), lexer.Invalid.String()) { // the lexer knows why
		err = cmp.Or(lexError(document), err)
	}
	refusal := asIs(err)
	if found, empty := strings.CutPrefix(refusal.Message, "expected at least one definition, "); empty { // of any kind
		refusal.Message = "Expected at least one entry, " + found
	}
	return refuse(fault.ParseFailed, gqlerror.List{refusal})
}

// lexError returns the first error of the lexer in a text, or nil.
func lexError(text string) error {
	for l := lexer.New(&ast.Source{Input: text}); ; {
		token, err := l.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return err
		}
	}
}

// asIs returns an error of the parser, all of which are of this type.
func asIs(err error) *gqlerror.Error {
	if e, ok := errors.AsType[*gqlerror.Error](err); ok {
		return e
	}
	return gqlerror.Wrap(err)
}

// selections is the number of fields and fragments in a document, as written.
func selections(doc *ast.QueryDocument) (n int) {
	eachSet(doc, func(set ast.SelectionSet) { n += len(set) })
	return n
}

// defers reports whether a document has @defer.
func defers(doc *ast.QueryDocument) (found bool) {
	eachSet(doc, func(set ast.SelectionSet) {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.InlineFragment:
				found = found || sel.Directives.ForName("defer") != nil
			case *ast.FragmentSpread:
				found = found || sel.Directives.ForName("defer") != nil
			}
		}
	})
	return found
}

// eachSet calls f with every selection set of a document.
func eachSet(doc *ast.QueryDocument, f func(ast.SelectionSet)) {
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		f(set)
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				walk(sel.SelectionSet)
			case *ast.InlineFragment:
				walk(sel.SelectionSet)
			}
		}
	}
	for _, op := range doc.Operations {
		walk(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		walk(fragment.SelectionSet)
	}
}

type documentKey struct{}

// prepared is a query cache for the executor that returns the document in the context.
type prepared struct{}

func (prepared) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*ast.QueryDocument)
	return doc, ok
}

func (prepared) Add(context.Context, string, *ast.QueryDocument) {}
