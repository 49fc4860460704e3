package browser

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// IsLocalHost reports whether the Host of a request is an IP address, localhost or a name
// below it (RFC 6761, section 6.3). A page reaches a server of this machine under a name of
// its own by DNS rebinding: the browser takes both for one origin, and only Host tells.
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
