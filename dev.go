package main

import (
	"context"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"

	"tributary/gateway/httpserver"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
	ordersserver "tributary/services/orders/server"
	productsserver "tributary/services/products/server"
	usersserver "tributary/services/users/server"
)

// devCommand runs the gateway and the example services in one process.
type devCommand struct {
	Gateway  gatewayConfig       `embed:""`
	Services serviceConfig       `embed:"" group:"Example services"`
	Log      telemetry.LogConfig `embed:"" group:"Log"`
}

// Run implements the command.
func (c *devCommand) Run(p *process) error {
	if err := tracing.Check(p.getenv); err != nil {
		return usageError{err}
	}
	listeners, err := p.listenAll(c.Services.Users.Users, c.Services.Orders.Orders, c.Services.Products.Products, c.Gateway.Server.Addr)
	if err != nil {
		return err
	}
	c.fill(p, listeners)
	p.beside = true
	log := p.logger(c.Log)
	if c.Services.Faults.Faults {
		if c.Gateway.breakable, err = c.breakable(p.ctx, []string{urlOf(listeners[0]), urlOf(listeners[1]), urlOf(listeners[2])}); err != nil {
			return err
		}
		defer c.Gateway.breakable.close()
	}

	group, ctx := errgroup.WithContext(p.ctx)
	// The gateway stops first: what it has accepted still needs the services.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	for i, create := range []newService{usersserver.New, ordersserver.New, productsserver.New} {
		group.Go(func() error { return p.serveService(serving, create, listeners[i], c.Services.Faults, log) })
	}
	group.Go(func() error {
		defer stop()
		return p.serveGateway(ctx, c.Gateway, listeners[3], log)
	})
	if err := c.welcome(p, listeners); err != nil {
		log.Error("welcome", "error", err)
	}
	return group.Wait()
}

// fill applies the defaults that are different in dev: the URLs of the services, and
// what developers need.
func (c *devCommand) fill(p *process, listeners []net.Listener) {
	for i, setting := range []struct {
		name string
		url  *string
	}{
		{"users-url", &c.Gateway.Services.UsersURL},
		{"orders-url", &c.Gateway.Services.OrdersURL},
		{"products-url", &c.Gateway.Services.ProductsURL},
	} {
		if p.settings.IsDefault(p.parsed, setting.name) {
			*setting.url = urlOf(listeners[i])
		}
	}
	c.Gateway.GraphQL.Introspection = c.Gateway.GraphQL.Introspection || p.settings.IsDefault(p.parsed, "introspection")
	c.Gateway.GraphQL.Playground = c.Gateway.GraphQL.Playground || p.settings.IsDefault(p.parsed, "playground")
	c.Gateway.GraphQL.Trace = c.Gateway.GraphQL.Trace || p.settings.IsDefault(p.parsed, "graphql-trace")
	c.Gateway.GraphQL.Cost = c.Gateway.GraphQL.Cost || p.settings.IsDefault(p.parsed, "graphql-cost")
	c.Services.Faults.Faults = c.Services.Faults.Faults || p.settings.IsDefault(p.parsed, "faults")
	if p.settings.IsDefault(p.parsed, "cors-origins") {
		c.Gateway.Browser.Origins = []string{"http://localhost:*", "http://127.0.0.1:*"}
	}
}

func (p *process) listenAll(addrs ...httpserver.Addr) ([]net.Listener, error) {
	var all []net.Listener
	for _, addr := range addrs {
		ln, err := p.listen(addr)
		if err != nil {
			for _, open := range all {
				_ = open.Close()
			}
			return nil, err
		}
		all = append(all, ln)
	}
	return all, nil
}

// urlOf returns the base URL of a listener on this machine.
func urlOf(ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil { // a TCP address always has both
		panic(err)
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (c *devCommand) welcome(p *process, listeners []net.Listener) error {
	gateway := urlOf(listeners[3])
	pages := ""
	if c.Gateway.GraphQL.Playground {
		pages = "  playground  " + gateway + "/playground\n"
	}
	_, err := fmt.Fprintf(p.stdout, `Tributary is running; Ctrl-C stops it.

  GraphQL     %[1]s/graphql
%[2]s  REST        %[1]s/api/profile/user123
  health      %[1]s/health
  metrics     %[1]s/metrics
  users       %[3]s/openapi.json
  orders      %[4]s/openapi.json
  products    %[5]s/openapi.json

Try:

  curl -s %[1]s/api/profile/user123

  curl -s %[1]s/graphql -H 'Content-Type: application/json' \
    -d '{"query":"{ profile(userId: \"user123\") { user { fullName } orders { id items { quantity product { name price } } } } }"}'

`, gateway, pages, urlOf(listeners[0]), urlOf(listeners[1]), urlOf(listeners[2]))
	return err
}
