package auth

import (
	"net/http"
	"strings"

	"tributary/gateway/fault"
)

// retryAfter is the Retry-After, in seconds, while there are no keys: the time after which
// they are fetched again.
const retryAfter = "10"

// HandlerOptions configure [Authenticator.Handler].
type HandlerOptions struct {
	// Operator reports whether a request has the admin token. Such a request has no viewer. It
	// may be nil.
	Operator func(*http.Request) bool
	// Later reports whether the client may send its token after the request, as the first
	// message of a WebSocket. May be nil.
	Later func(*http.Request) bool
	// Refuse answers with the error, which is a *fault.Error.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// Handler is middleware that verifies the token of a request, and puts its viewer into the
// context. Requests by OPTIONS, which have no token, are let through.
func (a *Authenticator) Handler(opts HandlerOptions) func(http.Handler) http.Handler {
	if !a.Enabled() {
		return func(next http.Handler) http.Handler { return next }
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			given := r.Header.Values("Authorization")
			switch {
			case r.Method == http.MethodOptions,
				len(given) == 1 && opts.Operator != nil && opts.Operator(r),
				len(given) == 0 && opts.Later != nil && opts.Later(r):
				next.ServeHTTP(w, r)
				return
			}
			v, err := a.Authenticate(r.Context(), given)
			if err != nil {
				challenge(w.Header(), given, err)
				opts.Refuse(w, r, err)
				return
			}
			if v != nil {
				r = r.WithContext(With(r.Context(), v))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// challenge sets the headers of a refusal (RFC 6750, section 3).
func challenge(h http.Header, given []string, err error) {
	switch fault.From(err).Kind {
	case fault.Unauthenticated:
		value := "Bearer"
		if _, sent, _ := bearer(given); sent {
			value = `Bearer error="invalid_token"`
		}
		h.Set("WWW-Authenticate", value)
	case fault.Unavailable:
		h.Set("Retry-After", retryAfter)
	}
}

// IsWebSocket reports whether a request opens a WebSocket.
func IsWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}
