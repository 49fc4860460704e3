package browser

import (
	"net/http"
	"sync/atomic"

	"github.com/rs/cors"
)

// preflightMaxAge is for how many seconds a browser remembers what it may do.
const preflightMaxAge = 600

// Guard is the middleware that decides which origins may use the gateway from a browser. Its
// configuration may be replaced while it serves. It is safe for concurrent use.
type Guard struct{ current atomic.Pointer[rules] }

// rules are a configuration and the handler built from it.
type rules struct {
	Config

	cors *cors.Cors // nil: there are no origins
}

// NewGuard returns a guard with the configuration cfg.
func NewGuard(cfg Config) *Guard {
	g := &Guard{}
	g.Use(cfg)
	return g
}

// Use replaces the configuration, for requests that begin from now on.
func (g *Guard) Use(cfg Config) {
	r := &rules{Config: cfg}
	if len(cfg.Origins) > 0 {
		r.cors = cors.New(cors.Options{
			AllowOriginFunc:  cfg.Allows,
			AllowCredentials: cfg.Credentials,
			AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost},
			AllowedHeaders:   []string{"*"}, // an origin that may ask may say what it wants
			ExposedHeaders: []string{"Age", "Cache-Status", "ETag", "Retry-After", "Server-Timing", "Tributary-Seen",
				"WWW-Authenticate", "X-Request-Id"},
			MaxAge: preflightMaxAge,
		})
	}
	g.current.Store(r)
}

// CORS is middleware that lets pages of the configured origins read responses, and answers
// preflight requests (Fetch standard, section 3.3, "CORS protocol"). If no origin is
// configured it does nothing, and browsers allow the gateway's own pages only.
func (g *Guard) CORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := g.current.Load().cors; c != nil {
			c.ServeHTTP(w, r, next.ServeHTTP)
			return
		}
		next.ServeHTTP(w, r)
	})
}
