package fault

import (
	"errors"
	"net/http"
)

// ErrNotFoundPage is the cause of an [InvalidResponse] that may mean "not found": a 404
// or 410 whose body is a page of text or HTML. Services send such pages, and so do
// proxies that have no route to a service. A cache takes it for a failure of the service
// if it knows the entity, and for "not found" otherwise.
var ErrNotFoundPage = errors.New("404 or 410 with a page of text or HTML as its body")

// Refused reports whether err is a refusal: the service works and rejects the request.
// Older data must not be served in its place, as they may be after a failure.
func Refused(err error) bool {
	f, ok := errors.AsType[*Error](err)
	return ok && f.Kind == Rejected
}

// Revoked reports whether err is a refusal that also takes back what the service
// returned earlier to the same client: 401, 403 or 451.
func Revoked(err error) bool {
	f, ok := errors.AsType[*Error](err)
	if !ok || f.Kind != Rejected {
		return false
	}
	switch f.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return true
	}
	return false
}
