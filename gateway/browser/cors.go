package browser

import (
	"net/http"

	"github.com/rs/cors"
)

// preflightHolds is for how many seconds a browser remembers what it may do.
const preflightHolds = 600

// CORS lets pages of the origins in cfg read answers, and tells their browsers
// so when they ask first (Fetch standard, "HTTP extensions"). Where no origin is
// set it changes nothing: browsers then keep answers from all pages but the
// gateway's own.
func CORS(cfg Config) func(http.Handler) http.Handler {
	if len(cfg.Origins) == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	return cors.New(cors.Options{
		AllowOriginFunc:  cfg.Allows,
		AllowCredentials: cfg.Credentials,
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders:   []string{"*"}, // an origin that may ask may say what it wants
		ExposedHeaders:   []string{"Age", "Cache-Status", "ETag", "Retry-After", "Server-Timing", "X-Request-Id"},
		MaxAge:           preflightHolds,
	}).Handler
}
