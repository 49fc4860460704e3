// Package fault gives every failure a [Kind] where it arises. What a client
// sees of it (the GraphQL code, the HTTP status, the reason in a degradation
// report, whether another try can help) is read from one table, here.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what went wrong, as far as a client may know. The zero value is
// [Internal]: an error that nobody has classified tells nothing.
type Kind int

// The kinds of failure; [Kind.Meaning] says of each what it means.
const (
	Internal Kind = iota
	Unavailable
	Timeout
	InvalidResponse
	Rejected
	CircuitOpen
	Overloaded
	BadUserInput
	ParseFailed
	ValidationFailed
	TooComplex
	PersistedNotFound
	PersistedUnsupported
	Untrusted
	Canceled
)

type row struct {
	code, reason string
	status       int
	retryable    bool
	meaning      string
}

var table = [...]row{
	Internal:             {"INTERNAL", "internal", 500, false, "A defect of the gateway."},
	Unavailable:          {"UPSTREAM_UNAVAILABLE", "unavailable", 503, true, "Could not ask: the service refused or broke the connection, was not found, or failed itself (5xx, 429)."},
	Timeout:              {"UPSTREAM_TIMEOUT", "timeout", 504, true, "Asked, and no whole answer came in time."},
	InvalidResponse:      {"UPSTREAM_INVALID_RESPONSE", "invalid_response", 502, false, "The service answered, but the answer makes no sense."},
	Rejected:             {"UPSTREAM_REJECTED", "rejected", 502, false, "The service said no: it refused the question (4xx)."},
	CircuitOpen:          {"CIRCUIT_OPEN", "circuit_open", 503, false, "Not asked: the service failed too often just now."},
	Overloaded:           {"OVERLOADED", "overloaded", 503, false, "Not asked: too much is under way."},
	BadUserInput:         {"BAD_USER_INPUT", "bad_user_input", 400, false, "The client sent a value that cannot be meant."},
	ParseFailed:          {"GRAPHQL_PARSE_FAILED", "parse_failed", 400, false, "The document is no GraphQL."},
	ValidationFailed:     {"GRAPHQL_VALIDATION_FAILED", "validation_failed", 422, false, "The document does not fit the schema."},
	TooComplex:           {"QUERY_TOO_COMPLEX", "too_complex", 422, false, "The document asks for more than is allowed."},
	PersistedNotFound:    {"PERSISTED_QUERY_NOT_FOUND", "persisted_query_not_found", 404, false, "No document is known by that id or hash: send its text along."},
	PersistedUnsupported: {"PERSISTED_QUERY_NOT_SUPPORTED", "persisted_query_not_supported", 400, false, "Documents are not remembered here: send their text."},
	Untrusted:            {"DOCUMENT_NOT_TRUSTED", "document_not_trusted", 403, false, "Only documents that the server knows beforehand are executed."},
	Canceled:             {"CANCELED", "canceled", 499, false, "The client left before there was an answer. Nobody reads this one; 499, which HTTP does not define, stands in the log and in metrics."},
}

// Kinds lists every kind, for tables and documentation.
func Kinds() []Kind {
	kinds := make([]Kind, len(table))
	for i := range kinds {
		kinds[i] = Kind(i)
	}
	return kinds
}

// Asked tells whether the service that an error is of was asked: not when it is
// given up just now, or when too much is under way.
func Asked(err error) bool {
	f, ok := errors.AsType[*Error](err)
	return !ok || (f.Kind != CircuitOpen && f.Kind != Overloaded)
}

// Code is what GraphQL errors carry in extensions.code and problem documents in code.
func (k Kind) Code() string { return table[k].code }

// Reason is the short form of the code in degradation reports and logs.
func (k Kind) Reason() string { return table[k].reason }

// HTTPStatus is the status of a REST answer that has nothing but this failure to tell.
func (k Kind) HTTPStatus() int { return table[k].status }

// Meaning is a sentence that says what happened.
func (k Kind) Meaning() string { return table[k].meaning }

// Retryable tells whether the same question may be answered when asked again at once.
func (k Kind) Retryable() bool { return table[k].retryable }

// String is the code.
func (k Kind) String() string { return k.Code() }

// Error is a failure with its kind. Message is for clients and so names no
// host, id or other internal; Err is for the log alone.
type Error struct {
	Kind    Kind
	Service string // the upstream concerned, "" for none
	Message string // for clients; "" means a sentence made of kind and service
	Err     error  // the cause; never shown to a client
}

// New returns a failure of a service with its cause.
func New(kind Kind, service string, cause error) *Error {
	return &Error{Kind: kind, Service: service, Err: cause}
}

// BadInput returns a [BadUserInput] failure. The message is shown to the
// client as it is: it must not repeat more of the input than its name.
func BadInput(format string, args ...any) *Error {
	return &Error{Kind: BadUserInput, Message: fmt.Sprintf(format, args...)}
}

// Error is the whole story, for logs.
func (e *Error) Error() string {
	s := e.Public()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Public is the sentence that a client may read.
func (e *Error) Public() string {
	if e.Message != "" {
		return e.Message
	}
	who := "a service"
	if e.Service != "" {
		who = "the " + e.Service + " service"
	}
	switch e.Kind {
	case Unavailable:
		return who + " is unavailable"
	case Timeout:
		return who + " did not answer in time"
	case InvalidResponse:
		return who + " gave an answer that makes no sense"
	case Rejected:
		return who + " refused the request"
	case CircuitOpen:
		return who + " is not asked for a moment: it failed too often"
	case Overloaded:
		return "too many requests are under way"
	case Canceled:
		return "the client has left"
	default:
		return "internal error"
	}
}

// From finds the failure in err. An error that carries none is a [Timeout]
// when a deadline ended it and [Internal] otherwise.
func From(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: Timeout, Message: "the request took too long", Err: err}
	}
	return &Error{Kind: Internal, Err: err}
}

// In is [From] for the operation of ctx. When its client has left, and ctx was
// cancelled by that, errors which tell of no more are [Canceled], and no service's.
func In(ctx context.Context, err error) *Error {
	if Left(ctx) && errors.Is(err, context.Canceled) {
		return &Error{Kind: Canceled, Err: err}
	}
	return From(err)
}

// Left tells whether the client of an operation has left: its context was
// cancelled, and not by a deadline.
func Left(ctx context.Context) bool { return errors.Is(context.Cause(ctx), context.Canceled) }
