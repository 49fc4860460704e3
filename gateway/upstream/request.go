package upstream

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
)

// A Request is a call that [Client.Do] makes.
type Request struct {
	Method string
	Route  string // with the names of values in braces, for traces
	Path   string // with values, escaped
	Query  string // escaped, without its question mark
	Body   []byte // JSON; nil for none
	// Repeatable says that the call changes nothing, so that it may be retried whatever
	// its method.
	Repeatable bool
	// Write says that the call changes something: it is never hedged, and repeated only if
	// its method is PUT or DELETE, or if it has a Key.
	Write bool
	// Key is sent as Idempotency-Key, by which the service tells that a call is repeated.
	Key string
}

// Do makes a call and returns the body of the response. Its errors are those of
// [Client.Get].
func (c *Client) Do(ctx context.Context, call Request) ([]byte, error) {
	u := c.base
	u.RawPath = c.path + call.Path
	u.Path, _ = url.PathUnescape(u.RawPath)
	u.RawQuery = call.Query
	r := (&http.Request{
		Method: call.Method, URL: &u,
		Header:  http.Header{"Accept": c.isJSON, "User-Agent": c.agent},
		Pattern: call.Route,
	}).WithContext(ctx)
	if call.Body != nil {
		r.Header["Content-Type"] = c.isJSON
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(call.Body)), nil }
		r.Body, _ = r.GetBody()
		r.ContentLength = int64(len(call.Body))
	}
	c.forward(ctx, r.Header)
	maps.Copy(r.Header, c.header)
	switch {
	case call.Key != "":
		r.Header[idempotencyKey] = []string{call.Key}
	case call.Repeatable, call.Method == http.MethodPut, call.Method == http.MethodDelete:
		r.Header[idempotencyKey] = nil // a signal, see idempotent
	}
	if call.Write {
		r = r.WithContext(context.WithValue(ctx, writeKey{}, true))
	}
	return c.send(r, c.calls)
}

type writeKey struct{}

// isWrite reports whether r changes something.
func isWrite(r *http.Request) bool { return r.Context().Value(writeKey{}) != nil }
