package httpserver

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RequestTimeoutHeader is the request header by which a client limits how long it
// will wait: in seconds ("0.8"), or with a unit ("800ms"). The standard preference
// wait (RFC 7240, section 4.3) is supported as well, but has whole seconds only.
const RequestTimeoutHeader = "X-Request-Timeout"

// Deadline is middleware that gives each request's context a deadline in d, or
// earlier if the client asks for it.
func Deadline(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := &lazyDeadline{Context: r.Context(), at: time.Now().Add(Patience(r.Header, d))}
			defer ctx.stop()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// Patience returns how long a client is willing to wait by its headers, at most
// most, which is also the result if the headers say nothing intelligible.
func Patience(h http.Header, most time.Duration) time.Duration {
	wait := most
	if s := h.Get(RequestTimeoutHeader); s != "" {
		if d, ok := parseTimeout(s); ok {
			wait = min(wait, d)
		}
	}
	preferences := h.Values("Prefer")
	if len(preferences) == 0 {
		return wait
	}
	for preference := range strings.SplitSeq(strings.Join(preferences, ","), ",") {
		preference, _, _ = strings.Cut(preference, ";") // the rest are its parameters
		name, value, _ := strings.Cut(preference, "=")
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err == nil && seconds > 0 && strings.EqualFold(strings.TrimSpace(name), "wait") {
			wait = min(wait, time.Duration(seconds)*time.Second)
		}
	}
	return wait
}

// parseTimeout parses a positive duration.
func parseTimeout(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	return d, err == nil && d > 0
}
