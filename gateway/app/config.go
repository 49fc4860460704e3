package app

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"tributary/gateway/admin"
	"tributary/gateway/auth"
	"tributary/gateway/auth/devtoken"
	"tributary/gateway/browser"
	"tributary/gateway/engine"
	"tributary/gateway/engine/stream"
	"tributary/gateway/entitycache"
	"tributary/gateway/forward"
	"tributary/gateway/httpserver"
	"tributary/gateway/responsecache"
	"tributary/gateway/tracing"
	"tributary/gateway/upstream"
)

// gatewayConfig has all settings of the gateway.
type gatewayConfig struct {
	Server    httpserver.Config    `embed:"" group:"Server"`
	Services  kong.Plugins         `embed:"" group:"Services"`
	Upstream  upstream.Config      `embed:"" group:"Calls to services"`
	Cache     entitycache.Config   `embed:"" group:"Cache"`
	Responses responsecache.Config `embed:"" group:"Cache"`
	GraphQL   engine.Config        `embed:"" group:"GraphQL"`
	Streams   stream.Config        `embed:"" group:"Streams"`
	Browser   browser.Config       `embed:"" group:"Browsers"`
	Admin     admin.Config         `embed:"" group:"Administration"`
	Auth      auth.Config          `embed:"" group:"Viewers"`
	Forward   forward.Config       `embed:"" group:"Header forwarding"`
	Tracing   tracing.Config       `embed:"" group:"Traces"`

	graph    *Graph
	services []*upstream.ServiceConfig // those of Services, in the order of the graph's
	faults   *faults                   // set by dev
	tokens   *devtoken.Panel           // set by dev
}

// newGatewayConfig returns a configuration to be filled, with settings for each of the
// services of g.
func newGatewayConfig(g *Graph) gatewayConfig {
	cfg := gatewayConfig{graph: g}
	for _, s := range g.Services {
		plugin, service := flagsOf[upstream.ServiceConfig](
			`embed:"" prefix:` + strconv.Quote(s.Name+"-") +
				` set:` + strconv.Quote("service="+s.Name) + ` set:` + strconv.Quote("url="+s.URL))
		service.Health = s.Health
		cfg.Services = append(cfg.Services, plugin)
		cfg.services = append(cfg.services, service)
	}
	return cfg
}

// flagsOf returns a plugin for kong, a struct with one field of type T and the given
// tag, and a pointer to the field. Tags that depend on the graph cannot be written in a
// struct type.
func flagsOf[T any](tag string) (plugin any, field *T) {
	v := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Setting", Type: reflect.TypeFor[T](), Tag: reflect.StructTag(tag)},
	}))
	return v.Interface(), v.Elem().Field(0).Addr().Interface().(*T)
}

// Validate reports the first setting of a service that cannot be used, and overrides
// for unknown services.
func (c gatewayConfig) Validate() error {
	for i, s := range c.graph.Services {
		if err := c.services[i].Check(s.Name); err != nil {
			return err
		}
	}
	for i, s := range c.graph.Services {
		for _, name := range c.services[i].HeaderNames() {
			if c.Forward.Sends(name, s.Name) {
				return fmt.Errorf("%[1]s-headers must not have %[2]s, which %[1]s is sent by forward-headers or forward-claims, too: remove it from one of them", s.Name, name)
			}
		}
		if c.services[i].OAuth.TokenURL != "" && c.Forward.Sends("Authorization", s.Name) {
			return fmt.Errorf("forward-headers must not give Authorization to %s, which gets a token of the gateway's own (%s-oauth-token-url)", s.Name, s.Name)
		}
	}
	names := c.serviceNames()
	if err := c.Forward.Check(names); err != nil {
		return err
	}
	for _, service := range c.Upstream.Overrides.Services() {
		if !slices.Contains(names, service) {
			return fmt.Errorf("upstream-overrides: unknown service %q: want one of %s", service, strings.Join(names, ", "))
		}
	}
	return nil
}

// serviceNames returns the names of the graph's services, in its order.
func (c gatewayConfig) serviceNames() []string {
	names := make([]string, len(c.graph.Services))
	for i, s := range c.graph.Services {
		names[i] = s.Name
	}
	return names
}
