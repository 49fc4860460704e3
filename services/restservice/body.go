package restservice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"unicode/utf8"

	"tributary/gateway/httpserver"
)

// maxBody allows the longest request: 100 ids of 256 bytes, each byte escaped.
const maxBody = 256 << 10

// jsonBody reads the whole body in advance, and refuses one that is not JSON. net/http can
// detect that a client disconnects only after the body has been read.
func jsonBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, status, complaint := readBody(w, r)
		if status != 0 {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: status, Code: codeOf(status), Detail: complaint})
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Body = &jsonBytes{*bytes.NewReader(body), body}
		next.ServeHTTP(w, r)
	})
}

// jsonBytes is a body that has been read. It can be read again.
type jsonBytes struct {
	bytes.Reader
	all []byte
}

// Close implements [io.Closer].
func (*jsonBytes) Close() error { return nil }

// readBody returns the body, or the status and message to refuse it with. A body without a
// Content-Type may be JSON.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, status int, complaint string) {
	if t := r.Header.Get("Content-Type"); t != "" {
		if media, _, err := mime.ParseMediaType(t); err != nil || media != "application/json" {
			return nil, http.StatusUnsupportedMediaType, "the body must be application/json"
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxBody)
		}
		if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
			return nil, http.StatusRequestTimeout, "the body took too long"
		}
		return nil, http.StatusBadRequest, "the body could not be read"
	}
	if !utf8.Valid(body) {
		return nil, http.StatusBadRequest, "body: must be valid UTF-8"
	}
	return body, 0, ""
}
