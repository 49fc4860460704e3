// Package admin serves the endpoints for operators of a running gateway, on a
// listener of their own, behind a bearer token, or both. If neither is
// configured, the endpoints do not exist.
package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"tributary/gateway/httpserver"
)

// Config has the settings of the endpoints for operators.
type Config struct {
	Addr  httpserver.Addr `name:"admin-addr" placeholder:"ADDR" help:"Separate address for the /admin endpoints, as in 127.0.0.1:8100. Empty: the gateway's own address, if admin-token is set."`
	Token string          `name:"admin-token" help:"Token that /admin requires as Authorization: Bearer TOKEN. Empty: none, if admin-addr is set." secret:""`
}

// Prefix begins the paths of all endpoints for operators.
const Prefix = "/admin/"

// Mux routes requests to the endpoints for operators, and refuses those without
// the token with 401. If no token is configured, it accepts every request, and
// its listener must not be reachable by clients. It is an [http.Handler].
type Mux struct {
	endpoints *http.ServeMux
	token     string
}

// New returns a mux without endpoints.
func New(cfg Config) *Mux { return &Mux{http.NewServeMux(), cfg.Token} }

// Shared reports whether operators use the same listener as clients.
func (c Config) Shared() bool { return c.Addr == "" && c.Token != "" }

// Handle registers an endpoint below [Prefix], with a pattern of
// [http.ServeMux] such as "POST /admin/purge".
func (m *Mux) Handle(pattern string, h http.Handler) { m.endpoints.Handle(pattern, h) }

// ServeHTTP implements [http.Handler].
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !m.allowed(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
		httpserver.WriteProblem(w, r, httpserver.Problem{
			Status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Detail: "send the admin token as Authorization: Bearer TOKEN"})
		return
	}
	h, pattern := m.endpoints.Handler(r)
	if pattern == "" {
		m.refuse(w, r)
		return
	}
	h.ServeHTTP(w, r)
}

// allowed compares digests, so that the time it takes does not depend on the token.
func (m *Mux) allowed(r *http.Request) bool {
	if m.token == "" {
		return true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(m.token)), sha256.Sum256([]byte(strings.TrimSpace(given)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// Knows reports whether a request, to any endpoint of the gateway, carries the
// token. If no token is configured, it is false.
func (m *Mux) Knows(r *http.Request) bool { return m.token != "" && m.allowed(r) }

// refuse answers 404 or 405 like [http.ServeMux], but with a problem document.
func (m *Mux) refuse(w http.ResponseWriter, r *http.Request) {
	found := httpserver.Problem{Status: http.StatusNotFound, Code: "NOT_FOUND"}
	standard := &headOnly{header: http.Header{}}
	m.endpoints.ServeHTTP(standard, r)
	if standard.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", standard.header.Get("Allow"))
		found = httpserver.Problem{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED"}
	}
	httpserver.WriteProblem(w, r, found)
}

// headOnly records the status and the header of a response and discards its body.
type headOnly struct {
	header http.Header
	status int
}

// Header implements [http.ResponseWriter].
func (h *headOnly) Header() http.Header { return h.header }

// WriteHeader implements [http.ResponseWriter].
func (h *headOnly) WriteHeader(status int) { h.status = status }

// Write implements [http.ResponseWriter].
func (h *headOnly) Write(b []byte) (int, error) { return len(b), nil }
