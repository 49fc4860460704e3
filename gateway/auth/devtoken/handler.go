package devtoken

import (
	"encoding/json"
	"net/http"
	"time"

	"tributary/gateway/browser"
	"tributary/gateway/httpserver"
)

// Paths of the endpoints of a [Panel].
const (
	ViewersPath = "/dev/viewers"
	TokenPath   = "/dev/token"
)

// lifetime is how long the tokens of a [Panel] are valid.
const lifetime = time.Hour

// maxBody is the maximum length of a request in bytes.
const maxBody = 8 << 10

// Panel is an [http.Handler] by which pages sign in, in development only:
//
//	GET  /dev/viewers  lists sample viewers, each with a fresh token
//	POST /dev/token    signs a token of the viewer in the body, a [Viewer]
//
// It has no authentication. It refuses requests from pages of other origins, and under names
// of the host that are not localhost. It is safe for concurrent use.
type Panel struct {
	key     *Key
	samples []Viewer
	routes  http.Handler
}

// NewPanel returns a panel with sample viewers.
func NewPanel(key *Key, samples []Viewer) *Panel {
	p := &Panel{key: key, samples: samples}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+ViewersPath, p.list)
	mux.HandleFunc("POST "+TokenPath, p.sign)
	p.routes = browser.LocalOnly(mux,
		"development tokens are given to localhost and to IP addresses only, not to other names of this host")
	return p
}

// ServeHTTP implements [http.Handler].
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.routes.ServeHTTP(w, r) }

// signed is a viewer with a token.
type signed struct {
	Viewer
	Token
}

func (p *Panel) list(w http.ResponseWriter, r *http.Request) {
	all := struct {
		Viewers []signed `json:"viewers"`
	}{make([]signed, 0, len(p.samples))}
	for _, v := range p.samples {
		token, err := p.key.Sign(v, lifetime)
		if err != nil {
			badRequest(w, r, err.Error())
			return
		}
		all.Viewers = append(all.Viewers, signed{v, token})
	}
	write(w, all)
}

func (p *Panel) sign(w http.ResponseWriter, r *http.Request) {
	var v Viewer
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&v); err != nil {
		badRequest(w, r, `the body must be an object such as {"sub": "viewer1", "scopes": ["read"], "claims": {}}`)
		return
	}
	token, err := p.key.Sign(v, lifetime)
	if err != nil {
		badRequest(w, r, err.Error())
		return
	}
	write(w, signed{v, token})
}

func badRequest(w http.ResponseWriter, r *http.Request, detail string) {
	httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusBadRequest, Code: "BAD_USER_INPUT", Detail: detail})
}

func write(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(body)
}
