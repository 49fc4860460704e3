package document

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"

	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/tracing"
)

// parse parses a text.
func (s *Store) parse(ctx context.Context, text string) (*ast.QueryDocument, *refusal.Refusal) {
	_, span := tracing.Start(ctx, tracing.Parse, "parse")
	defer span.End()
	defer s.deps.Time(PhaseParse)()
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, s.limits.Tokens)
	if err != nil {
		return nil, s.refuseParse(text, err)
	}
	if half := loneSurrogate(text); half != "" {
		return nil, refusal.Of(fault.ParseFailed, half+" is half of a surrogate pair")
	}
	if len(doc.Operations) == 0 {
		return nil, refusal.New(fault.ValidationFailed, gqlerror.List{{Message: "the document has no operation"}})
	}
	return doc, nil
}

// validate refuses a document that is beyond a limit, or not valid.
func (s *Store) validate(ctx context.Context, doc *ast.QueryDocument) *refusal.Refusal {
	_, span := tracing.Start(ctx, tracing.Validate, "validate")
	defer span.End()
	defer s.deps.Time(PhaseValidate)()
	m := limits.Measure(doc)
	if refused := s.limits.CheckDocument(doc, m); refused != nil {
		return refused
	}
	if errs := s.validator.validate(doc, m.LongestName()); len(errs) > 0 {
		return refusal.New(fault.ValidationFailed, errs)
	}
	elements := limits.MaxExpansion * s.limits.Tokens
	errs, done := s.validator.checkMerging(doc, 2*elements)
	if !done {
		return s.limits.TooManyElements()
	}
	if len(errs) > 0 {
		return refusal.New(fault.ValidationFailed, errs)
	}
	return nil
}

// parserDepth is the maximum nesting of braces and brackets that the parser accepts.
const parserDepth = 1000

// refuseParse refuses a document that could not be parsed, because of a syntax error or
// a limit.
func (s *Store) refuseParse(document string, err error) *refusal.Refusal {
	switch text := err.Error(); {
	case strings.Contains(text, "exceeded token limit"):
		return s.limits.TooManyTokens()
	case strings.Contains(text, "exceeded maximum nesting depth"):
		return s.limits.TooDeep(parserDepth)
	}
	if strings.Contains(err.Error(), lexer.Invalid.String()) { // the lexer knows why
		err = cmp.Or(lexError(document), err)
	}
	first := asGQLError(err)
	if found, empty := strings.CutPrefix(first.Message, "expected at least one definition, "); empty { // of any kind
		first.Message = "Expected at least one entry, " + found
	}
	return refusal.New(fault.ParseFailed, gqlerror.List{first})
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

// asGQLError returns an error of the parser, all of which are of this type.
func asGQLError(err error) *gqlerror.Error {
	if e, ok := errors.AsType[*gqlerror.Error](err); ok {
		return e
	}
	return gqlerror.Wrap(err)
}
