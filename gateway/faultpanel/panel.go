// Package faultpanel is the API by which the playground injects faults into what
// a gateway depends on: services that take fault rules, Redis behind a [Relay],
// and the cache. It is for development only, and has no authentication.
package faultpanel

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"tributary/gateway/browser"
	"tributary/gateway/httpserver"
)

// Panel is an [http.Handler] for what is below /dev:
//
//	GET    /dev/faults            lists the injected faults
//	PUT    /dev/faults/{service}  forwards rules to the service's PUT /_faults
//	PUT    /dev/redis             {"off": true} cuts the connection to Redis
//	DELETE /dev/cache             empties the cache
//
// It refuses requests from pages of other origins, and under names of the host that are not
// localhost. It is safe for concurrent use.
type Panel struct {
	services map[string]*url.URL
	redis    *Relay
	forget   func(context.Context) error
	log      *slog.Logger
	routes   http.Handler
	client   *http.Client
}

// askTimeout is how long a service may take to tell its rules.
const askTimeout = 2 * time.Second

// New returns a panel for the services of the given URLs. Redis may be nil;
// forget empties the cache.
func New(services map[string]string, redis *Relay, forget func(context.Context) error, log *slog.Logger) (*Panel, error) {
	p := &Panel{services: map[string]*url.URL{}, redis: redis, forget: forget, log: log, client: &http.Client{Timeout: askTimeout, Transport: &http.Transport{DisableKeepAlives: true}}}
	for name, address := range services {
		u, err := url.Parse(strings.TrimSuffix(address, "/") + "/_faults")
		if err != nil {
			return nil, err
		}
		p.services[name] = u
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/faults", p.show)
	mux.HandleFunc("PUT /dev/faults/{service}", p.breakService)
	mux.HandleFunc("PUT /dev/redis", p.cutRedis)
	mux.HandleFunc("DELETE /dev/cache", p.empty)
	p.routes = http.NewCrossOriginProtection().Handler(mux)
	return p, nil
}

// ServeHTTP implements [http.Handler].
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !browser.IsLocalHost(r) {
		httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusForbidden, Code: "FORBIDDEN",
			Detail: "the fault panel answers to localhost and to IP addresses only, not to other names of its host"})
		return
	}
	p.routes.ServeHTTP(w, r)
}

// state is what is broken.
type state struct {
	Services map[string]json.RawMessage `json:"services"` // the rules of each
	Redis    *redisState                `json:"redis"`    // null where there is none
}

type redisState struct {
	Off bool `json:"off"`
}

func (p *Panel) show(w http.ResponseWriter, r *http.Request) {
	s := state{Services: map[string]json.RawMessage{}}
	for name, address := range p.services {
		s.Services[name] = p.rulesAt(r.Context(), address)
	}
	if p.redis != nil {
		s.Redis = &redisState{p.redis.IsCut()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(s)
}

// rulesAt asks a service for its rules: null when it does not say.
func (p *Panel) rulesAt(ctx context.Context, address *url.URL) json.RawMessage {
	unknown := json.RawMessage("null")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return unknown
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return unknown
	}
	defer func() { _ = resp.Body.Close() }()
	var rules json.RawMessage
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&rules) != nil {
		return unknown
	}
	return rules
}

func (p *Panel) breakService(w http.ResponseWriter, r *http.Request) {
	target := p.services[r.PathValue("service")]
	if target == nil {
		httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusNotFound, Code: "NOT_FOUND", Detail: "there is no such service"})
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			to := *target
			pr.Out.URL, pr.Out.Host = &to, to.Host
		},
		Transport: p.client.Transport,
		ErrorLog:  slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	proxy.ServeHTTP(w, r)
}

func (p *Panel) cutRedis(w http.ResponseWriter, r *http.Request) {
	var want redisState
	if p.redis == nil || json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&want) != nil {
		httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusBadRequest, Code: "BAD_USER_INPUT",
			Detail: `the body must be {"off": true} or {"off": false}, and there must be a Redis`})
		return
	}
	p.redis.Cut(want.Off)
	w.WriteHeader(http.StatusNoContent)
}

func (p *Panel) empty(w http.ResponseWriter, r *http.Request) {
	if err := p.forget(r.Context()); err != nil { // what is in this gateway is gone all the same
		p.log.WarnContext(r.Context(), "fault panel", "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}
