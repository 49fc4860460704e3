package httpserver

import (
	"context"
	"crypto/rand"
	"net/http"

	"tributary/gateway/report"
)

// RequestIDHeader carries the request id: from clients, to clients and to upstreams.
const RequestIDHeader = "X-Request-Id"

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if r := report.RequestFrom(ctx); r != nil {
		return r.ID
	}
	return ""
}

// requestID returns the id that the client sent if it is valid, and a new one otherwise.
func requestID(h http.Header) string {
	if id := h.Get(RequestIDHeader); saneRequestID(id) {
		return id
	}
	return rand.Text()
}

// saneRequestID accepts the characters of common trace and correlation ids, so that an id
// can be logged and forwarded as it is.
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
