package graphqlserver

import (
	"cmp"
	"context"
	"net/http"

	"tributary/gateway/cache"
)

// SeenHeader is the header by which clients read their own writes at any gateway: the
// response to a mutation has it, and a request that brings its value gets nothing older. On a
// WebSocket it is the member seen of extensions, in both directions; a value in the request
// that opens the connection holds for operations without one.
const SeenHeader = "Tributary-Seen"

// Seen lets requests read what their clients have written: see [cache.Session].
func Seen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen := r.Header[SeenHeader]; len(seen) == 1 && seen[0] != "" {
			ctx, _ := cache.WithSession(r.Context(), seen[0])
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// VaryBySeen adds to Vary that caches must not answer clients that bring [SeenHeader] with
// responses for others, which may be older than what these clients have written.
func VaryBySeen(h http.Header) { h.Add("Vary", SeenHeader) }

// sessionOf returns a context with the session of one operation of many that come by a single
// connection, which brings seen or what the connection does.
func sessionOf(ctx context.Context, seen string) context.Context {
	if seen = cmp.Or(seen, cache.SessionOf(ctx).Brought()); seen == "" {
		return ctx
	}
	ctx, _ = cache.WithSession(ctx, seen)
	return ctx
}

// tellSeen tells the client of a mutation what it has seen.
func (r *Result) tellSeen(h http.Header) {
	if r.seen != "" {
		h.Set(SeenHeader, r.seen)
	}
}
