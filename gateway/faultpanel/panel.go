// Package faultpanel is the API by which the playground injects faults into what
// a gateway depends on: its calls of services, Redis behind a [TCPProxy], and the cache. It is
// for development only, and has no authentication.
package faultpanel

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"tributary/gateway/browser"
	"tributary/gateway/faultinject"
	"tributary/gateway/httpserver"
)

// Panel is an [http.Handler] for what is below /dev:
//
//	GET    /dev/faults            lists the injected faults
//	GET    /dev/faults/{service}  lists those of one service
//	PUT    /dev/faults/{service}  replaces its rules
//	DELETE /dev/faults/{service}  removes them
//	PUT    /dev/redis             {"off": true} cuts the connection to Redis
//	DELETE /dev/cache             empties the cache
//
// It refuses requests from pages of other origins, and under names of the host that are not
// localhost. It is safe for concurrent use.
type Panel struct {
	services   map[string]*faultinject.Rules
	redis      *TCPProxy
	purgeCache func(context.Context) error
	log        *slog.Logger
	routes     http.Handler
}

// New returns a panel for the rules of services, by name. Redis may be nil; forget empties
// the cache.
func New(services map[string]*faultinject.Rules, redis *TCPProxy, forget func(context.Context) error, log *slog.Logger) *Panel {
	p := &Panel{services: services, redis: redis, purgeCache: forget, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/faults", p.show)
	mux.HandleFunc("GET /dev/faults/{service}", p.service(p.showRules))
	mux.HandleFunc("PUT /dev/faults/{service}", p.service(p.setRules))
	mux.HandleFunc("DELETE /dev/faults/{service}", p.service(p.removeRules))
	mux.HandleFunc("PUT /dev/redis", p.cutRedis)
	mux.HandleFunc("DELETE /dev/cache", p.purge)
	p.routes = browser.LocalOnly(mux,
		"the fault panel answers to localhost and to IP addresses only, not to other names of its host")
	return p
}

// ServeHTTP implements [http.Handler].
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.routes.ServeHTTP(w, r) }

// state is what is broken.
type state struct {
	Services map[string][]faultinject.Rule `json:"services"` // the rules of each
	Redis    *redisState                   `json:"redis"`    // null where there is none
}

type redisState struct {
	Off bool `json:"off"`
}

func (p *Panel) show(w http.ResponseWriter, _ *http.Request) {
	s := state{Services: map[string][]faultinject.Rule{}}
	for name, rules := range p.services {
		s.Services[name] = rules.List()
	}
	if p.redis != nil {
		s.Redis = &redisState{p.redis.IsCut()}
	}
	write(w, s)
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}

// service finds the rules of the service in the path of a request.
func (p *Panel) service(handle func(http.ResponseWriter, *http.Request, *faultinject.Rules)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rules := p.services[r.PathValue("service")]
		if rules == nil {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusNotFound, Code: "NOT_FOUND",
				Detail: "there is no such service"})
			return
		}
		handle(w, r, rules)
	}
}

func (*Panel) showRules(w http.ResponseWriter, _ *http.Request, rules *faultinject.Rules) {
	write(w, rules.List())
}

func (*Panel) removeRules(w http.ResponseWriter, _ *http.Request, rules *faultinject.Rules) {
	rules.Set(nil, nil)
	w.WriteHeader(http.StatusNoContent)
}

func (*Panel) setRules(w http.ResponseWriter, r *http.Request, rules *faultinject.Rules) {
	given, mistake := readRules(http.MaxBytesReader(w, r.Body, maxRulesBytes))
	if mistake == "" {
		for _, m := range rules.Set(given, nil) {
			mistake = strings.TrimPrefix(mistake+fmt.Sprintf("; body[%d].%s: %s", m.Rule, m.Member, m.Message), "; ")
		}
	}
	if mistake != "" {
		httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusBadRequest, Code: "BAD_USER_INPUT", Detail: mistake})
		return
	}
	write(w, rules.List())
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

func (p *Panel) purge(w http.ResponseWriter, r *http.Request) {
	if err := p.purgeCache(r.Context()); err != nil { // what is in this gateway is gone all the same
		p.log.WarnContext(r.Context(), "fault panel", "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}
