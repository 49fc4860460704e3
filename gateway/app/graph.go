// Package app runs a project: it makes commands, settings and a gateway from a [Graph],
// which is all that a project's main function gives it.
//
//	func main() {
//		app.Main(&app.Graph{
//			Name:     "myshop",
//			Services: []app.Service{{Name: "reviews", URL: "http://localhost:8001"}},
//			Schema:   resolvers.Schema,
//		})
//	}
package app

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/lookahead"
	"tributary/gateway/upstream"
)

// A Graph is a project: its schema, the services that the schema is resolved from, and
// what else its binary offers. Every field but Name may be left empty; a gateway without
// services and without a schema starts, and answers its health checks.
type Graph struct {
	// Name is the name of the binary in its help, errors and version.
	Name string
	// Version is the version of the build. Without one, that of the Go module is used.
	Version string
	// Description is the sentence at the top of --help.
	Description string

	// Services are the upstream services, in the order in which settings list them.
	Services []Service
	// Schema returns the executable schema, whose resolvers load from the services, and
	// the joins, which tell the look-ahead what fields load. It is called once, before
	// anything is served, and must not call services. Commands that serve nothing, such
	// as explain, call it too.
	Schema func(*Dependencies) (graphql.ExecutableSchema, lookahead.Joins, error)

	// Operations are the documents that the project itself executes. They are trusted
	// whatever the manifests of trusted documents say.
	Operations []string
	// Examples has the tabs of the playground, in order of file names: NAME.graphql with
	// an operation, and NAME.json with its variables.
	Examples fs.FS
	// Routes returns endpoints of the project's own beside GraphQL. It is called once.
	Routes func(*API) []Route
	// OpenAPI is the document, in YAML or JSON, that describes Routes. It is served as
	// JSON at /openapi.json, and at /docs for reading.
	OpenAPI []byte
	// Pages are web pages of the project's own. They are shown where the playground is.
	Pages []Page
	// Viewers are those that pages offer for signing in, in dev. They are invented.
	Viewers []SampleViewer
	// Hints are lines that dev prints below its addresses, such as a command to try. In
	// them {gateway} stands for the URL of the gateway.
	Hints []string
}

// A Service is an upstream service.
type Service struct {
	// Name is the name of the service in errors, metrics, /health and settings: the base
	// URL of reviews is BFF_REVIEWS_URL. It consists of lower case letters, digits and
	// dashes.
	Name string
	// URL is the default of the base URL.
	URL string
	// Health is the path of the health check, such as /health. A service without one, or
	// that answers it with 404, is judged by its calls.
	Health string
	// Example is an implementation for development, if there is one. The command dev
	// runs it beside the gateway, and the command NAME runs it alone.
	Example *Example
}

// An Example is an implementation of a service for development and tests.
type Example struct {
	// Name is the name of the process in traces, such as review-service.
	Name string
	// Addr is the default of the address that the service listens on, such as :8001. The
	// setting is called after the service: REVIEWS_ADDR.
	Addr string
	// New returns the handler of a new instance of the service.
	New func(ExampleOptions) http.Handler
}

// WithExamples returns services with their implementations for development, by name.
func WithExamples(services []Service, examples map[string]*Example) []Service {
	services = slices.Clone(services)
	for i := range services {
		services[i].Example = examples[services[i].Name]
	}
	return services
}

// ExampleOptions are what an [Example] is given.
type ExampleOptions struct {
	Log      *slog.Logger
	Registry *prometheus.Registry // for the metrics of the service
	Faults   bool                 // whether PUT /_faults injects faults
	Stopping <-chan struct{}      // closed when the service is about to stop
}

// Dependencies are what resolvers are built on.
type Dependencies struct {
	// Clients has a client for each of the graph's services, by name.
	Clients map[string]*upstream.Client
	// Cache is the cache of entities.
	Cache *entitycache.Cache
	// Batches are the metrics of loaders.
	Batches *batch.Metrics
}

// Require returns an error unless there is a client for each of the services.
func (d *Dependencies) Require(services []Service) error {
	for _, s := range services {
		if d.Clients[s.Name] == nil {
			return fmt.Errorf("the schema loads from the service %q, which the graph does not have: add it to app.Graph.Services", s.Name)
		}
	}
	return nil
}

// An API is what [Graph.Routes] are built on.
type API struct {
	// Engine executes operations.
	Engine *engine.Engine
	// TTL is how long entities are fresh (cache-ttl).
	TTL time.Duration
	// Metrics is where handlers register metrics of their own.
	Metrics prometheus.Registerer
}

// A Route is an endpoint for GET and HEAD requests. Its requests have a deadline, and
// are subject to the settings for header forwarding and for browsers.
type Route struct {
	// Pattern is the path, with parameters in braces, as in /api/books/{id}. Handlers
	// read these with httpserver.PathParam. Metrics and logs use it as the name.
	Pattern string
	// Handler answers the requests.
	Handler http.Handler
}

// A Page is a web page with the files that it loads.
type Page struct {
	// Path is the path of the page, such as /example. Its files are below it.
	Path string
	// Title is the text of the link to it on the status page.
	Title string
	// About says in a few words what the page is, below the title.
	About string
	// Files has index.html, and the files that it loads, as pages.Site has them.
	Files fs.FS
	// Policy is the Content-Security-Policy. Without one, it is pages.Strict.
	Policy string
}
