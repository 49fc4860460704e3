package httpserver

import (
	"net/http"
	"strings"
)

// Unmodified tells whether the client of r has the answer with this entity tag
// already, by the weak comparison that RFC 9110, section 13.1.2 wants of
// If-None-Match: answer 304 then.
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
