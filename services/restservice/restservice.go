// Package restservice has what the example REST services share: a router, an OpenAPI
// document generated from its routes, problem documents (RFC 9457) for every error,
// /health, /metrics, /openapi.json, and fault injection.
//
// A service calls [New], and adds its operations with [Route], and those that change
// something with [Write]. Tags of its types describe them in the document.
package restservice

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tributary/gateway/httpserver"
)

// Info describes a service.
type Info struct {
	Name        string // in /health and in the log: user-service
	Title       string // of the OpenAPI document
	Version     string // of the contract, not of the build
	Description string // of the OpenAPI document
}

// Options configure a service. The zero value logs nothing, uses a metrics registry
// of its own, and has no fault injection.
type Options struct {
	Log      *slog.Logger
	Registry *prometheus.Registry // its metrics, and what /metrics shows
	Faults   bool                 // opens /_faults

	// Stopping is closed when the server is about to stop: requests that were
	// being held on purpose are let go then. Nil: never.
	Stopping <-chan struct{}
}

// Service is a REST service. Routes must be added before it serves.
type Service struct {
	http.Handler
	Name string // see [Info]

	api    huma.API // for what the service is about
	faults *faults
}

// New returns a service with the routes that all services have.
func New(info Info, o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	router := httpserver.NewRouter(o.Log.With("service", info.Name), o.Registry)
	s := &Service{Handler: router, Name: info.Name, faults: &faults{stopping: o.Stopping}}

	// Three ways to the router, and one document about what goes which way.
	cfg := config(info)
	keys := &idempotency{calls: map[string]*keyedCall{}}
	own := huma.NewAPI(cfg, mount{router, keys, passThrough})
	if o.Faults {
		s.api = huma.NewAPI(cfg, mount{router, keys, s.faults.middleware})
		s.faults.routesOf(huma.NewAPI(cfg, mount{router, keys, rejectRebinding}))
	} else {
		s.api = huma.NewAPI(cfg, mount{router, keys, passThrough})
		s.faults.routesOf(huma.NewAPI(cfg, discardAdapter{}))
	}
	healthRoute(own, info.Name)
	router.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(o.Registry,
		promhttp.HandlerOpts{Registry: o.Registry, EnableOpenMetrics: true}))
	router.Method(http.MethodGet, "/openapi.json", document(s.OpenAPI()))
	return s
}

// OpenAPI returns the service's document. It must not be modified.
func (s *Service) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

// document serves doc, encoded on first use, when all routes have been added.
func document(doc *huma.OpenAPI) http.Handler {
	marshal := sync.OnceValues(func() ([]byte, error) { return json.Marshal(doc) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := marshal()
		if err != nil {
			httpserver.WriteFault(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}
