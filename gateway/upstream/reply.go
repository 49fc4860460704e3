package upstream

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"

	"tributary/gateway/fault"
	"tributary/gateway/telemetry"
)

// ErrNotFound is the error of a [Client] for a 404 or 410: the resource does not exist.
// If the body is a page of text or HTML, which may be a proxy's, the error is a
// [fault.InvalidResponse] caused by [fault.ErrNotFoundPage] instead.
var ErrNotFound = errors.New("upstream: not found")

// A reply is how a call, or an attempt at it, has ended.
type reply struct {
	status int // of the response; 0 if there was none, or its body could not be read
	header http.Header
	body   []byte

	// err is nil if the response has data; else [ErrNotFound], or a *fault.Error of the service.
	err error
}

// retryable reports whether another attempt may succeed.
func (got reply) retryable() bool {
	f, failed := errors.AsType[*fault.Error](got.err)
	return failed && f.Kind.Retryable()
}

// newReply returns the reply that a response is.
func newReply(service string, status int, header http.Header, body []byte) reply {
	return reply{status, header, body, statusError(service, status, header, body)}
}

// noReply returns the reply if there is no response, because of err.
func noReply(service string, err error) reply { return reply{err: requestError(service, err)} }

// requestError returns the failure of a service that the error of a request is.
func requestError(service string, err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		if f.Service == service {
			return f
		}
		return fault.New(f.Kind, service, err)
	}
	err = unquoted{err}
	var timeout interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return fault.New(fault.Timeout, service, err)
	}
	if garbled(err) {
		return fault.New(fault.InvalidResponse, service, err)
	}
	return fault.New(fault.Unavailable, service, err)
}

// garbled reports whether a body arrived but could not be decompressed. A truncated
// body does not count, since it looks like a lost connection.
func garbled(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// unquoted is an error of net/http whose text, which is logged, omits what the service
// sent.
type unquoted struct{ error }

func (e unquoted) Error() string { return telemetry.StripQuoted(e.error.Error()) }
func (e unquoted) Unwrap() error { return e.error }

// statusError returns what the status of a response means, see [reply].
func statusError(service string, code int, header http.Header, body []byte) error {
	kind := fault.InvalidResponse
	switch {
	case code >= 200 && code < 300:
		return nil
	case mayBeNotFound(code):
		if isPage(header.Get("Content-Type"), body) {
			return &fault.Error{Kind: fault.InvalidResponse, Service: service, Status: code, Err: fault.ErrNotFoundPage}
		}
		return ErrNotFound
	case code == http.StatusRequestTimeout, code == http.StatusGatewayTimeout:
		kind = fault.Timeout
	case code == http.StatusTooManyRequests, code >= 500:
		kind = fault.Unavailable
	case code >= 400:
		kind = fault.Rejected
	}
	return &fault.Error{Kind: kind, Service: service, Status: code, Err: fmt.Errorf("status %d", code)}
}

// repeatable reports whether r may be sent more than once. Probes of a circuit
// that is not closed may not, so that a service in an outage gets no extra load.
func repeatable(r *http.Request) bool { return kindOf(r.Context()) != probeAttempt && idempotent(r) }

// idempotent reports whether repeating r has no further effect, by the rule of
// net/http: an idempotent method, or a header that declares it.
func idempotent(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	_, declared := r.Header[idempotencyKey]
	return declared
}

// idempotencyKey declares that a request may be repeated. Without a value it is a signal
// to net/http only, and not sent.
const idempotencyKey = "Idempotency-Key"
