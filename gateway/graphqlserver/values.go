package graphqlserver

import (
	"context"
	"slices"

	"tributary/gateway/admission"
)

// valueBytes is the memory of one decoded JSON value besides its text, in bytes, at most:
// measured on lists of objects with one member each.
const valueBytes = 200

// largestRequest returns the most memory that one request takes from the budget, in bytes.
func (l Limits) largestRequest() int {
	const most = 1 << 40 // beyond any memory
	return min(l.Body, most) + min(l.Values, most)*valueBytes
}

// admitValues refuses a request whose JSON texts have more values together than the limit,
// and takes the memory that they need when they are decoded. Without a lease it does nothing.
// Texts that are not JSON pass: they are refused where they are read.
func (s *Server) admitValues(ctx context.Context, lease *admission.BodyLease, texts ...[]byte) *badRequest {
	if lease == nil {
		return nil
	}
	n := 0
	for _, text := range texts {
		n += countValues(text)
	}
	limits := s.current.Load().limits
	if n > limits.Values && slices.ContainsFunc(texts, notJSON) {
		return nil
	}
	if refused := limits.check(limitValues, n, limits.Values, "the request has %d JSON values, more than %d"); refused != nil {
		return &badRequest{result: s.observeRefused(ctx, Request{}, refused)}
	}
	if err := lease.Take(ctx, n*valueBytes); err != nil {
		return s.unread(ctx, limits, err)
	}
	return nil
}

// countValues returns the number of values in a JSON text: scalars, lists and objects at any
// depth, but not the names of members. It allocates nothing. Of a text that is not JSON, the
// number means nothing.
func countValues(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	n := 1         // the outermost one; all others follow a comma, or are the first in a list or object
	first := false // whether a list or object has just begun
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case ' ', '\t', '\n', '\r':
			continue
		case ',':
			n++
		case '"':
			i = stringEnd(text, i)
		}
		if first && c != ']' && c != '}' {
			n++
		}
		first = c == '[' || c == '{'
	}
	return n
}

// stringEnd returns the index of the quote that ends the string that begins at i, or the
// length of text if none does.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}
