package browser

import (
	"net/http"

	"github.com/rs/cors"
)

// preflightHolds is for how many seconds a browser remembers what it may do.
const preflightHolds = 600

// CORS lets pages of the origins in cfg read responses, and answers preflight
// requests (Fetch standard, section 3.3, "CORS protocol"). If no origin is
// configured it does nothing, and browsers allow the gateway's own pages only.
func CORS(cfg Config) func(http.Handler) http.Handler {
	if len(cfg.Origins) == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	return cors.New(cors.Options{
		AllowOriginFunc:  cfg.Allows,
		AllowCredentials: cfg.Credentials,
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders:   []string{"*"}, // an origin that may ask may say what it wants
		ExposedHeaders:   []string{"Age", "Cache-Status", "ETag", "Retry-After", "Server-Timing", "Tributary-Seen", "WWW-Authenticate", "X-Request-Id"},
		MaxAge:           preflightHolds,
	}).Handler
}
