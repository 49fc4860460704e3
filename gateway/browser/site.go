package browser

import (
	"errors"
	"mime"
	"net/http"
)

// The messages of refused requests.
var (
	errOtherSite = errors.New("cross-origin request rejected: its origin is not in cors-origins")
	errNoHeader  = errors.New("a request with cookies needs a header that prevents cross-site request forgery: " +
		"send Content-Type: application/json or Apollo-Require-Preflight: true")
)

// CrossSiteProtection protects against cross-site request forgery. It passes to refuse, which
// responds with 403:
//
//   - requests from a page whose origin is neither the gateway's own nor configured,
//     judged by Sec-Fetch-Site or else by Origin as in [http.CrossOriginProtection].
//     GET is checked too, because an operation has a cost, and its duration may
//     disclose data;
//   - requests with cookies and without both of these headers, as sent by old browsers
//     and those without TLS, unless a header is set that requires a preflight request.
//
// Clients that are not browsers send none of these headers, and are not checked.
func (g *Guard) CrossSiteProtection(refuse func(w http.ResponseWriter, r *http.Request, reason error)) func(http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	check := func(r *http.Request) error {
		if g.current.Load().Allows(r.Header.Get("Origin")) {
			return nil
		}
		if hasOriginHeaders(r.Header) {
			post := r.WithContext(r.Context())
			post.Method = http.MethodPost // a method that is not taken for safe
			if protection.Check(post) != nil {
				return errOtherSite
			}
			return nil
		}
		if r.Header.Get("Cookie") != "" && !isPreflighted(r.Header) {
			return errNoHeader
		}
		return nil
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if reason := check(r); reason != nil {
				refuse(w, r, reason)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func hasOriginHeaders(h http.Header) bool {
	return h.Get("Sec-Fetch-Site") != "" || h.Get("Origin") != ""
}

// isPreflighted reports whether a browser would have sent a preflight request before a
// cross-origin request with h. GraphQL clients use some of these headers by convention.
func isPreflighted(h http.Header) bool {
	for _, name := range []string{"Apollo-Require-Preflight", "GraphQL-Require-Preflight", "X-Apollo-Operation-Name"} {
		if h.Get(name) != "" {
			return true
		}
	}
	contentType := h.Get("Content-Type")
	if contentType == "" {
		return false
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false // browsers may parse it differently
	}
	switch media {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return false
	}
	return true
}
