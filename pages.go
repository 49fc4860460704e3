package main

import (
	"errors"
	"net/http"

	"tributary/gateway/pages"
	"tributary/graph"
	"tributary/resolvers/rest"
	"tributary/web"
)

// playground is the configuration of the playground page.
type playground struct {
	Endpoint string          `json:"endpoint"` // path of the GraphQL endpoint
	Trace    bool            `json:"trace"`    // whether traces are available
	Faults   bool            `json:"faults"`   // whether faults can be injected
	Tabs     []graph.Example `json:"tabs"`
}

// routes is the part of a router that pages need.
type routes interface {
	Method(method, pattern string, h http.Handler)
}

// links says which optional pages exist, for pages that link to them.
type links struct{ Playground, Example bool }

// mountPages adds the web pages to r, and the data that they load.
func mountPages(r routes, cfg gatewayConfig, history http.Handler) error {
	there := links{Playground: cfg.GraphQL.Playground, Example: cfg.GraphQL.Playground}
	page := func(path, files string, site pages.Site) error {
		shown, err := site.Page()
		if err != nil {
			return err
		}
		r.Method(http.MethodGet, path, shown)
		r.Method(http.MethodGet, files+"/*", http.HandlerFunc(site.File))
		return nil
	}
	document, err := rest.OpenAPI()
	if err != nil {
		return err
	}
	r.Method(http.MethodGet, "/openapi.json", document)
	r.Method(http.MethodGet, "/status.json", history)
	err = errors.Join(
		page("/", "/status", pages.Site{Files: web.Status(), Policy: pages.Strict, Data: there}),
		page("/docs", "/docs", pages.Site{Files: web.Docs(), Policy: pages.Styled, Data: there}))
	if there.Example {
		err = errors.Join(err, page("/example", "/example", pages.Site{Files: web.Example(), Policy: pages.Strict}))
	}
	if there.Playground {
		err = errors.Join(err, page("/playground", "/playground", pages.Site{Files: web.Playground(), Policy: pages.Styled,
			Data: playground{Endpoint: "/graphql", Trace: cfg.GraphQL.Trace, Faults: cfg.breakable != nil, Tabs: graph.Examples()}}))
	}
	return err
}
