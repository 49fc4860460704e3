package app

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"tributary/gateway/pages"
)

// playground is the configuration of the playground page.
type playground struct {
	Endpoint string    `json:"endpoint"` // path of the GraphQL endpoint
	Trace    bool      `json:"trace"`    // whether traces are available
	Faults   bool      `json:"faults"`   // whether faults can be injected
	Viewers  bool      `json:"viewers"`  // whether there are development tokens, at /dev/viewers and /dev/token
	Explain  bool      `json:"explain"`  // whether POST /dev/explain is there
	Services []string  `json:"services"` // all, in a fixed order
	Tabs     []example `json:"tabs"`
}

// example is an operation to try in the playground.
type example struct {
	Query     string `json:"query"`
	Variables string `json:"variables"` // JSON
}

// examples reads the examples of the graph, in order of their file names.
func (g *Graph) examples() ([]example, error) {
	all := []example{}
	if g.Examples == nil {
		return all, nil
	}
	names, err := fs.Glob(g.Examples, "*.graphql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		query, err := fs.ReadFile(g.Examples, name)
		if err != nil {
			return nil, err
		}
		variables, err := fs.ReadFile(g.Examples, strings.TrimSuffix(name, ".graphql")+".json")
		if err != nil {
			return nil, err
		}
		all = append(all, example{string(query), string(variables)})
	}
	return all, nil
}

// routes is the part of a router that pages need.
type routes interface {
	Method(method, pattern string, h http.Handler)
}

// links says which pages exist, for pages that link to them.
type links struct {
	Playground, Docs bool
	Pages            []Page
}

// site is a page at a path, with its files below it.
type site struct {
	path, files string
	pages.Site
}

// mountPages adds the web pages to the routes of clients and of operators, which may be the
// same, and the data that they load.
func mountPages(clients, ops routes, cfg gatewayConfig, history http.Handler) error {
	g := cfg.graph
	there := links{Playground: cfg.GraphQL.Playground, Docs: g.OpenAPI != nil}
	if there.Playground {
		there.Pages = g.Pages
	}
	own := there.Pages // which use /graphql, and so are for clients
	if cfg.Admin.Addr != "" {
		there.Playground, there.Pages = false, nil // they are on another address
	}
	ops.Method(http.MethodGet, "/status.json", history)
	failed := site{"/", "/status", pages.Site{Files: pages.Status(), Policy: pages.Strict, Data: there}}.mount(ops)
	if there.Docs {
		document, err := openAPI(g.OpenAPI)
		if err != nil {
			return err
		}
		ops.Method(http.MethodGet, "/openapi.json", document)
		failed = errors.Join(failed, site{"/docs", "/docs", pages.Site{Files: pages.Docs(), Policy: pages.Styled, Data: there}}.mount(ops))
	}
	if cfg.GraphQL.Playground {
		tabs, err := g.examples()
		if err != nil {
			return fmt.Errorf("examples: %w", err)
		}
		failed = errors.Join(failed, site{"/playground", "/playground", pages.Site{Files: pages.Playground(), Policy: pages.Styled,
			Data: playground{Endpoint: graphqlPath, Trace: cfg.GraphQL.Trace, Faults: cfg.faults != nil, Explain: cfg.faults != nil, Viewers: cfg.tokens != nil,
				Services: slices.Sorted(slices.Values(cfg.serviceNames())), Tabs: tabs}}}.mount(clients))
	}
	for _, p := range own {
		failed = errors.Join(failed, site{p.Path, p.Path, pages.Site{Files: p.Files, Policy: cmp.Or(p.Policy, pages.Strict)}}.mount(clients))
	}
	return failed
}

func (s site) mount(r routes) error {
	page, err := s.Page()
	if err != nil {
		return fmt.Errorf("page %s: %w", s.path, err)
	}
	r.Method(http.MethodGet, s.path, page)
	r.Method(http.MethodGet, s.files+"/*", http.HandlerFunc(s.File))
	return nil
}

// openAPI returns a handler that serves a document, YAML or JSON, as JSON.
func openAPI(document []byte) (http.Handler, error) {
	text, err := yaml.YAMLToJSON(document)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(text)
	}), nil
}
