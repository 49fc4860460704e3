// Package fault classifies failures. Every failure gets a [Kind] where it arises,
// and one table says what clients see of it: the GraphQL code, the HTTP status,
// the reason in a degradation report, and whether a retry can help.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind is the class of a failure, as clients see it. The zero value is [Internal], so an
// unclassified error discloses nothing.
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
	Throttled
	BadUserInput
	ParseFailed
	ValidationFailed
	TooComplex
	PersistedNotFound
	PersistedUnsupported
	Untrusted
	Unauthenticated
	Forbidden
	Canceled
)

type kindInfo struct {
	code, reason string
	status       int
	retryable    bool
	meaning      string
}

var kinds = [...]kindInfo{
	Internal:             {"INTERNAL", "internal", 500, false, "A bug in the gateway."},
	Unavailable:          {"UPSTREAM_UNAVAILABLE", "unavailable", 503, true, "The service could not be reached, closed the connection, or failed itself (429, 5xx other than 504)."},
	Timeout:              {"UPSTREAM_TIMEOUT", "timeout", 504, true, "The service did not send a complete response in time, or said so (408, 504)."},
	InvalidResponse:      {"UPSTREAM_INVALID_RESPONSE", "invalid_response", 502, false, "The service sent a response that is not valid, or a redirect (3xx)."},
	Rejected:             {"UPSTREAM_REJECTED", "rejected", 502, false, "The service rejected the request: any 4xx but 404, 408, 410 and 429. Nothing stale is served."},
	CircuitOpen:          {"CIRCUIT_OPEN", "circuit_open", 503, false, "The service was not called: its circuit breaker is open because it failed too often."},
	Overloaded:           {"OVERLOADED", "overloaded", 503, false, "The service was not called, or the operation not executed: too many are in flight."},
	Throttled:            {"OVERLOADED", "throttled", 429, false, "The operation was not executed: this client has too many concurrent ones (`BFF_MAX_OPERATIONS_PER_CLIENT`)."},
	BadUserInput:         {"BAD_USER_INPUT", "bad_user_input", 400, false, "The client sent an invalid value."},
	ParseFailed:          {"GRAPHQL_PARSE_FAILED", "parse_failed", 400, false, "The document is not valid GraphQL syntax."},
	ValidationFailed:     {"GRAPHQL_VALIDATION_FAILED", "validation_failed", 422, false, "The document is not valid for the schema."},
	TooComplex:           {"QUERY_TOO_COMPLEX", "too_complex", 422, false, "The operation exceeds a limit."},
	PersistedNotFound:    {"PERSISTED_QUERY_NOT_FOUND", "persisted_query_not_found", 404, false, "No document with this id or hash is known: send its text along."},
	PersistedUnsupported: {"PERSISTED_QUERY_NOT_SUPPORTED", "persisted_query_not_supported", 400, false, "Persisted queries are disabled: send the text of the document."},
	Untrusted:            {"DOCUMENT_NOT_TRUSTED", "document_not_trusted", 403, false, "Only trusted documents are executed."},
	Unauthenticated:      {"UNAUTHENTICATED", "unauthenticated", 401, false, "The client is not signed in, or its token is not accepted."},
	Forbidden:            {"FORBIDDEN", "forbidden", 403, false, "The viewer lacks the scopes for this field."},
	Canceled:             {"CANCELED", "canceled", 499, false, "The client disconnected. No client receives this code; logs and metrics use 499, which HTTP does not define."},
}

// Kinds lists every kind, for tables and documentation.
func Kinds() []Kind {
	kinds := make([]Kind, len(kinds))
	for i := range kinds {
		kinds[i] = Kind(i)
	}
	return kinds
}

// Reached reports whether the failed service was called at all. It was not if its circuit breaker
// is open, or if too many calls are in flight.
func Reached(err error) bool {
	f, ok := errors.AsType[*Error](err)
	return !ok || (f.Kind != CircuitOpen && f.Kind != Overloaded)
}

// Code is the value of extensions.code in GraphQL errors and of code in problem
// documents.
func (k Kind) Code() string { return kinds[k].code }

// Reason is the short form of the code in degradation reports and logs.
func (k Kind) Reason() string { return kinds[k].reason }

// HTTPStatus is the status of a REST response that consists of nothing but this failure.
func (k Kind) HTTPStatus() int { return kinds[k].status }

// Meaning describes the kind in a sentence, for documentation.
func (k Kind) Meaning() string { return kinds[k].meaning }

// Retryable reports whether the same call may succeed if retried at once.
func (k Kind) Retryable() bool { return kinds[k].retryable }

// String is the code.
func (k Kind) String() string { return k.Code() }

// Error is a classified failure. Message is for clients, and so has no host names,
// ids or other internals; Err is for the log only.
type Error struct {
	Kind    Kind
	Service string // the upstream concerned, "" for none
	Status  int    // of the service's response; 0 if there was none, or it is not what failed
	Message string // for clients; "" stands for a message by kind and service
	Err     error  // the cause; never shown to a client

	Outcome Outcome  // of a write; "" for what is none
	Problem *Problem // why the service refused a write; nil if it did not say
}

// New returns a failure of a service with its cause.
func New(kind Kind, service string, cause error) *Error {
	return &Error{Kind: kind, Service: service, Err: cause}
}

// BadUserInputf returns a [BadUserInput] failure. Clients see the message as it is: it
// may name the input but must not repeat its value.
func BadUserInputf(format string, args ...any) *Error {
	return &Error{Kind: BadUserInput, Message: fmt.Sprintf(format, args...)}
}

// Error has all details, for logs.
func (e *Error) Error() string {
	s := e.ClientMessage()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClientMessage returns the message for clients.
func (e *Error) ClientMessage() string {
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
		return who + " returned an invalid response"
	case Rejected:
		return who + " rejected the request"
	case CircuitOpen:
		return who + " is temporarily disabled after repeated failures"
	case Overloaded:
		return "too many concurrent requests"
	case Throttled:
		return "too many concurrent operations of this client: retry when one has ended"
	case Canceled:
		return "client closed the request"
	default:
		return "internal error"
	}
}

// From returns the failure in the chain of err. An error without one is a
// [Timeout] if a deadline caused it, and [Internal] otherwise.
func From(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: Timeout, Message: "the request took too long", Err: err}
	}
	return &Error{Kind: Internal, Err: err}
}

// FromContext is [From] for the operation of ctx. If ctx was cancelled because the client
// disconnected, errors that result from that are [Canceled] and blame no service.
func FromContext(ctx context.Context, err error) *Error {
	if ClientGone(ctx) && errors.Is(err, context.Canceled) {
		return &Error{Kind: Canceled, Err: err}
	}
	return From(err)
}

// ClientGone reports whether the client of an operation has disconnected: its context
// was cancelled, and not by a deadline.
func ClientGone(ctx context.Context) bool { return errors.Is(context.Cause(ctx), context.Canceled) }
