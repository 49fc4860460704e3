package httpserver

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// The reasons for which [ReadBody] does not return a body. For lack of memory, it is a
// [fault.Overloaded].
var (
	ErrBodyTooLong = errors.New("the body is too long")
	ErrBodyTooSlow = errors.New("the body took too long")
	errBodyBroken  = errors.New("the body could not be read")
)

// ReadBody reads the body of r, of at most limit bytes, into memory of lease. Reading ends
// with the deadline of the request's context, or with the read timeout of the server if that
// is earlier. A body that is announced as too long is not read at all. After an error the
// connection is closed, because the rest of the body has not been read.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int, lease *admission.BodyLease) ([]byte, error) {
	body, err := readBody(w, r, int64(limit), lease)
	if err != nil {
		w.Header().Set("Connection", "close") // otherwise the answer would wait for the rest
	}
	return body, err
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64, lease *admission.BodyLease) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, ErrBodyTooLong
	}
	if by, ok := bodyDeadline(r); ok {
		_ = http.NewResponseController(w).SetReadDeadline(by) // net/http resets it after the body
	}
	body, err := lease.ReadAll(r.Context(), http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, ErrBodyTooLong
	}
	if _, refused := errors.AsType[*fault.Error](err); refused {
		return nil, err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return nil, ErrBodyTooSlow
	}
	if err != nil {
		return nil, errBodyBroken
	}
	return body, nil
}

// bodyDeadline returns the deadline of the request's context if that is earlier than the one
// that the server has set for the whole request.
func bodyDeadline(r *http.Request) (by time.Time, ok bool) {
	by, ok = r.Context().Deadline()
	if srv, has := r.Context().Value(http.ServerContextKey).(*http.Server); has && srv.ReadTimeout > 0 {
		ok = ok && time.Until(by) < srv.ReadTimeout
	}
	return by, ok
}
