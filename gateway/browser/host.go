package browser

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"tributary/gateway/httpserver"
)

// IsLocalHost reports whether the Host of a request is an IP address, localhost or a name below
// it (RFC 6761, section 6.3). By DNS rebinding a page can reach a server of this machine under
// the page's own host name: then both have the same origin, and only the Host header differs.
func IsLocalHost(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// LocalOnly returns a handler for a panel of a gateway in development: it hides next from
// pages of other origins and of other names of this host. What is refused for its name gets
// a 403 with detail.
func LocalOnly(next http.Handler, detail string) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !IsLocalHost(r) {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusForbidden, Code: "FORBIDDEN", Detail: detail})
			return
		}
		next.ServeHTTP(w, r)
	})
}
