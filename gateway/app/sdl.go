package app

import (
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/formatter"

	"tributary/gateway/cache"
	"tributary/gateway/upstream"
)

// sdl returns the schema as one document, without type extensions and built-in types.
func (g *Graph) sdl() (string, error) {
	cfg := gatewayConfig{graph: g, Cache: cache.Config{MemoryMB: 1}} // nothing is cached
	for _, s := range g.Services {
		cfg.services = append(cfg.services, &upstream.ServiceConfig{URL: s.URL})
	}
	core, err := newCore(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return "", err
	}
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(core.schema.Schema())
	return b.String(), core.close()
}
