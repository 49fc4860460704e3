// Package admin serves what operators do to a running gateway, apart from what
// clients ask of it: on a listener of its own, or behind a token, or both.
// Unless one of them is set, there is nothing of it.
package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"tributary/gateway/httpserver"
)

// Config is what an operator may set about it.
type Config struct {
	Addr  httpserver.Addr `name:"admin-addr" placeholder:"ADDR" help:"Separate address for the /admin endpoints, as in 127.0.0.1:8100. Empty: the gateway's own address, if admin-token is set."`
	Token string          `name:"admin-token" help:"Token that /admin requires as Authorization: Bearer TOKEN. Empty: none, if admin-addr is set." secret:""`
}

// Prefix is the path below which everything of operators is.
const Prefix = "/admin/"

// Mux serves the endpoints that are added to it to operators alone. It is an
// [http.Handler]; without a token whoever reaches it is one.
type Mux struct {
	endpoints *http.ServeMux
	token     string
}

// New returns a mux without endpoints.
func New(cfg Config) *Mux { return &Mux{http.NewServeMux(), cfg.Token} }

// Shared tells whether operators come in by the door of the clients.
func (c Config) Shared() bool { return c.Addr == "" && c.Token != "" }

// Handle adds an endpoint below [Prefix]. Its pattern is as that of
// [http.ServeMux], as in "POST /admin/purge".
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

// allowed compares digests, so that the time it takes tells nothing of the token.
func (m *Mux) allowed(r *http.Request) bool {
	if m.token == "" {
		return true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(m.token)), sha256.Sum256([]byte(strings.TrimSpace(given)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// Knows tells whether a request anywhere has the token. Without a token nobody is known.
func (m *Mux) Knows(r *http.Request) bool { return m.token != "" && m.allowed(r) }

// refuse answers for an address or a method that there is not, as the mux of
// the standard library would, but with a problem document.
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

// headOnly takes an answer of which only status and header matter.
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
