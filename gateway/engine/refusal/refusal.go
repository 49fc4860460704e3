// Package refusal says why a request is not executed: the errors that the client gets, and
// what decides about the status of the response.
package refusal

import (
	"errors"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
	"tributary/gateway/internal/truncate"
)

// MaxErrors is the maximum number of errors in a refusal: a short document may have
// thousands.
const MaxErrors = 20

// maxMessage is the maximum length of an error message in a refusal, in bytes: some
// repeat what the client sent.
const maxMessage = 300

// Refusal is why a request is not executed. It is read-only once it was returned.
type Refusal struct {
	Kind    fault.Kind
	Errors  gqlerror.List // at least one, at most [MaxErrors]
	Omitted int           // number of errors that are not in Errors

	Malformed     bool // the request contradicts itself; HTTP clients get 400 whatever they accept
	MethodInvalid bool // the HTTP method may not execute an operation of this type
}

// New returns a refusal for errors of the GraphQL library. It replaces their extensions, such
// as the names of validation rules, by the code of the kind, and shortens long messages.
func New(kind fault.Kind, errs gqlerror.List) *Refusal {
	omitted := max(0, len(errs)-MaxErrors)
	errs = errs[:len(errs)-omitted]
	for _, err := range errs {
		err.Message = truncate.String(err.Message, maxMessage)
		err.Extensions = map[string]any{"code": kind.Code()}
	}
	return &Refusal{Kind: kind, Errors: errs, Omitted: omitted}
}

// Of returns a refusal for a single reason.
func Of(kind fault.Kind, message string) *Refusal {
	return New(kind, gqlerror.List{{Message: message}})
}

// From returns the refusal for an error with a kind; see [fault.From].
func From(err error) *Refusal {
	f := fault.From(err)
	return Of(f.Kind, f.ClientMessage())
}

// Timeout returns the refusal of an operation whose time was over before it was executed. Its
// response has data, which are null, because clients treat it as one that was begun.
func Timeout() *Refusal { return Of(fault.Timeout, "the request took too long") }

// NotAdmitted returns the refusal for an error of an admission gate: that too many operations
// are under way, or that the time of this one was over while it waited.
func NotAdmitted(err error) *Refusal {
	if f, overloaded := errors.AsType[*fault.Error](err); overloaded {
		return Of(f.Kind, f.ClientMessage())
	}
	return Timeout()
}
