package httptransport

import (
	"net/http"
	"strings"

	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
)

// SeenHeader is the header by which clients read their own writes at any gateway: the
// response to a mutation has it, and a request that brings its value, or several in lines or
// with commas, gets nothing older. On a
// WebSocket it is the member seen of extensions, in both directions; a value in the request
// that opens the connection holds for operations without one.
const SeenHeader = "Tributary-Seen"

// Seen lets requests read what their clients have written: see [entitycache.Session].
func Seen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen := strings.Join(r.Header[SeenHeader], ","); seen != "" {
			ctx, _ := entitycache.WithSession(r.Context(), seen)
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// VaryBySeen adds to Vary that caches must not answer clients that bring [SeenHeader] with
// responses for others, which may be older than what these clients have written.
func VaryBySeen(h http.Header) { h.Add("Vary", SeenHeader) }

// SetSeen tells the client of a mutation what it has seen.
func SetSeen(h http.Header, r *engine.Result) {
	if r.Seen != "" {
		h.Set(SeenHeader, r.Seen)
	}
}

func senderOf(r *http.Request) engine.Sender {
	return engine.Sender{Keys: r.Header[engine.KeyHeader], Authorization: r.Header["Authorization"]}
}
