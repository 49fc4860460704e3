package httpserver

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RequestTimeoutHeader is how a client says how long it will wait for an
// answer: seconds ("0.8"), or a number with a unit ("800ms"). The standard way,
// the preference wait (RFC 7240, section 4.3), knows whole seconds only and is
// heeded as well.
const RequestTimeoutHeader = "X-Request-Timeout"

// Deadline gives each request's context at most d, and less when its client
// says that it will not wait that long.
func Deadline(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := &lazyDeadline{Context: r.Context(), at: time.Now().Add(Patience(r.Header, d))}
			defer ctx.stop()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// Patience is how long a client says that it will wait, and most when it says
// nothing that can be understood.
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

// parseTimeout reads a time that is more than nothing.
func parseTimeout(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	return d, err == nil && d > 0
}
