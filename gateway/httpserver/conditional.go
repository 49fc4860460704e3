package httpserver

import (
	"net/http"
	"strings"
)

// Unmodified reports whether If-None-Match of r matches the entity tag, by weak
// comparison (RFC 9110, section 13.1.2), so that the answer is 304.
func Unmodified(r *http.Request, tag string) bool {
	candidates := r.Header["If-None-Match"]
	if len(candidates) == 0 {
		return false
	}
	tag = strings.TrimPrefix(tag, "W/")
	for candidate := range strings.SplitSeq(strings.Join(candidates, ","), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
