package httpserver

import (
	"context"
	"crypto/rand"
	"net/http"

	"tributary/gateway/report"
	"tributary/gateway/tracing"
)

// RequestIDHeader carries the id of a request, in and out and to upstreams.
const RequestIDHeader = "X-Request-Id"

// RequestID is the id of the request that ctx belongs to, "" outside of one.
func RequestID(ctx context.Context) string {
	if r := report.RequestOf(ctx); r != nil {
		return r.ID
	}
	return ""
}

// withRequestID takes over the caller's request id when it is sane, makes one
// when it is not, and tells it to the answer, the context and the log.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !saneRequestID(id) {
			id = rand.Text()
		}
		w.Header().Set(RequestIDHeader, id)
		ctx := r.Context()
		of := &report.Request{ID: id, Trace: tracing.ID(ctx)}
		next.ServeHTTP(w, r.WithContext(report.WithRequest(ctx, of)))
	})
}

// saneRequestID allows what trace and correlation ids are made of, so that an
// id can be logged and sent on as it is.
func saneRequestID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}
