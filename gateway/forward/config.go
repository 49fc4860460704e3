// Package forward passes selected request headers of clients on to the upstreams,
// and derives from their values the cache variant of a request.
package forward

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Config has the settings of header forwarding.
type Config struct {
	Headers []string `name:"forward-headers" default:"traceparent,X-Request-Id,Accept-Language" help:"Request headers passed on to the services. Cache entries are kept apart by their values, except for traceparent and X-Request-Id: with Authorization in the list, each user has entries of their own."`
}

// Headers that belong to one connection or one body and so cannot be sent on.
var own = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host",
	"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive",
	"Proxy-Authorization", "Proxy-Connection", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	for _, name := range c.Headers {
		switch {
		case !isToken(name):
			return fmt.Errorf("forward-headers: %q is not a header name", name)
		case slices.Contains(own, http.CanonicalHeaderKey(name)):
			return fmt.Errorf("forward-headers: %s is of the client's own connection and cannot be forwarded", name)
		}
	}
	return nil
}

// varying are the headers whose values may change what an upstream answers:
// all but those that tell one request from another.
func (c Config) varying() (names []string) {
	for _, name := range c.Headers {
		switch strings.ToLower(name) {
		case "traceparent", "tracestate", "baggage", "x-request-id":
		default:
			names = append(names, http.CanonicalHeaderKey(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isToken tells whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
