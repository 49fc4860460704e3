// Package admin serves the endpoints for operators of a running gateway, behind a bearer
// token, or to this machine alone. If neither is configured, the endpoints do not exist.
package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"tributary/gateway/browser"
	"tributary/gateway/heap"
	"tributary/gateway/httpserver"
)

// Config has the settings of the operators' listener and of the endpoints for operators.
type Config struct {
	Addr           httpserver.Addr `name:"ops-addr" was:"admin-addr" placeholder:"ADDR" help:"Separate address for operations, as in 127.0.0.1:8100: /metrics, /health, /admin, /docs, /openapi.json and the status page; /livez and /readyz are on both. Empty: all of it is on the gateway's own address, /admin if admin-token is set."`
	MaxConnections int             `name:"ops-max-connections" default:"100" help:"Maximum number of open connections to ops-addr, like max-connections."`
	Token          string          `name:"admin-token" help:"Token that /admin requires as Authorization: Bearer TOKEN. Empty: none, if ops-addr is a loopback address; /admin refuses every request at any other." secret:""`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	if c.MaxConnections <= 0 {
		return errors.New("ops-max-connections must be more than 0")
	}
	return nil
}

// Budgets returns the memory budget of the settings for connections whose requests have headers
// of at most headerBytes.
func (c Config) Budgets(headerBytes int) []heap.Budget {
	if c.Addr == "" {
		return nil
	}
	return []heap.Budget{httpserver.ConnectionBudget("BFF_OPS_MAX_CONNECTIONS with BFF_MAX_HEADER_BYTES", c.MaxConnections, headerBytes)}
}

// Connections returns the maximum number of open connections to the operators' listener, 0 if
// there is none.
func (c Config) Connections() int {
	if c.Addr == "" {
		return 0
	}
	return c.MaxConnections
}

// Prefix begins the paths of all endpoints for operators.
const Prefix = "/admin/"

// Mux routes requests to the endpoints for operators, and refuses those without the token
// with 401. Without a token it accepts requests only if it is on a loopback listener, and
// they name this machine by an address or as localhost. It is an [http.Handler].
type Mux struct {
	endpoints *http.ServeMux
	token     string
	loopback  bool // whether its listener is reachable from this machine alone
}

// New returns a mux without endpoints for a listener that is, or is not, reachable from
// this machine alone.
func New(cfg Config, loopback bool) *Mux {
	return &Mux{http.NewServeMux(), cfg.Token, loopback}
}

// Exists reports whether there are endpoints for operators.
func (c Config) Exists() bool { return c.Addr != "" || c.Token != "" }

// Handle registers an endpoint below [Prefix], with a pattern of
// [http.ServeMux] such as "POST /admin/purge".
func (m *Mux) Handle(pattern string, h http.Handler) { m.endpoints.Handle(pattern, h) }

// ServeHTTP implements [http.Handler].
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case m.token == "" && !m.loopback:
		m.unauthorized(w, r, "this address is reachable from other machines: set BFF_ADMIN_TOKEN to use /admin here")
		return
	case m.token == "" && !browser.IsLocalHost(r):
		httpserver.WriteProblem(w, r, httpserver.Problem{
			Status: http.StatusForbidden, Code: "FORBIDDEN", Detail: "without a token, /admin answers to localhost and to IP addresses only, not to other names of its host"})
		return
	case !m.allowed(r):
		m.unauthorized(w, r, "send the admin token as Authorization: Bearer TOKEN")
		return
	}
	h, pattern := m.endpoints.Handler(r)
	if pattern == "" {
		m.writeNotFound(w, r)
		return
	}
	h.ServeHTTP(w, r)
}

func (m *Mux) unauthorized(w http.ResponseWriter, r *http.Request, detail string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`)
	httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusUnauthorized, Code: "UNAUTHORIZED", Detail: detail})
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

// IsOperator reports whether a request, to any endpoint of the gateway, carries the
// token. If no token is configured, it is false.
func (m *Mux) IsOperator(r *http.Request) bool { return m.token != "" && m.allowed(r) }

// writeNotFound answers 404 or 405 like [http.ServeMux], but with a problem document.
func (m *Mux) writeNotFound(w http.ResponseWriter, r *http.Request) {
	found := httpserver.Problem{Status: http.StatusNotFound, Code: "NOT_FOUND"}
	standard := &headerRecorder{header: http.Header{}}
	m.endpoints.ServeHTTP(standard, r)
	if standard.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", standard.header.Get("Allow"))
		found = httpserver.Problem{Status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED"}
	}
	httpserver.WriteProblem(w, r, found)
}

// headerRecorder records the status and the header of a response and discards its body.
type headerRecorder struct {
	header http.Header
	status int
}

// Header implements [http.ResponseWriter].
func (h *headerRecorder) Header() http.Header { return h.header }

// WriteHeader implements [http.ResponseWriter].
func (h *headerRecorder) WriteHeader(status int) { h.status = status }

// Write implements [http.ResponseWriter].
func (h *headerRecorder) Write(b []byte) (int, error) { return len(b), nil }
