package app

import (
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"tributary/gateway/entitycache"
	"tributary/gateway/upstream"
)

// sdl returns the schema as one document.
func (g *Graph) sdl() (string, error) {
	cfg := gatewayConfig{graph: g, Cache: entitycache.Config{MemoryMB: 1}} // nothing is cached
	for _, s := range g.Services {
		cfg.services = append(cfg.services, &upstream.ServiceConfig{URL: s.URL})
	}
	core, err := newCore(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return "", err
	}
	return sdlOf(core.schema.Schema()), core.close()
}

// sdlOf returns a schema as one document, without type extensions, and without what every
// schema has by the specification. It has @defer, which tools know only from the document.
func sdlOf(schema *ast.Schema) string {
	var b strings.Builder
	f := formatter.NewFormatter(&b, formatter.WithIndent("  "))
	if builtIn := schema.Directives["defer"]; builtIn != nil {
		printed := *builtIn
		printed.Position = &ast.Position{Src: &ast.Source{}} // the formatter leaves out what is built in
		f.FormatSchemaDocument(&ast.SchemaDocument{Directives: ast.DirectiveDefinitionList{&printed}})
	}
	f.FormatSchema(schema)
	return b.String()
}

// schemaRoute returns the endpoint that serves the SDL of a schema.
func schemaRoute(schema *ast.Schema) Route {
	text := sdlOf(schema)
	return Route{Pattern: "/schema.graphql", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = io.WriteString(w, text)
	})}
}
