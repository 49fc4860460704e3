package upstream

import (
	"context"
	"net/http"
	"net/url"
)

// A Request is a call that [Client.Do] or [Client.Send] makes.
type Request struct {
	Method string
	Route  string // with the names of values in braces, for traces
	Path   string // with values, escaped
	Query  string // escaped, without its question mark
	Body   []byte // JSON; nil for none
}

// Do makes a call that changes nothing, so that it may be retried whatever its method, and
// returns the body of the response. Its errors are those of [Client.Get].
func (c *Client) Do(ctx context.Context, call Request) ([]byte, error) {
	r := c.of(ctx, call)
	r.Header[idempotencyKey] = nil // a signal, see idempotent
	return c.send(r, c.calls)
}

// of returns the HTTP request for a call.
func (c *Client) of(ctx context.Context, call Request) *http.Request {
	u := c.base
	u.RawPath = c.path + call.Path
	u.Path, _ = url.PathUnescape(u.RawPath)
	u.RawQuery = call.Query
	return c.newRequest(ctx, call.Method, &u, call.Route, call.Body)
}
