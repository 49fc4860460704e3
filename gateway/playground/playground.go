// Package playground serves a page to try queries on. It is all in the
// binary: the page loads nothing from elsewhere.
package playground

import (
	_ "embed"
	"net/http"
)

//go:embed playground.html
var page []byte

// policy lets the page run its own script and talk to its own server.
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page.
func Handler(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(page)
}

//go:embed index.html
var index []byte

// Index serves the page that links to all the others.
func Index(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(index)
}
