package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/sync/errgroup"

	"tributary/gateway/auth/devtoken"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

// devCommand runs the gateway and the example services in one process.
type devCommand struct {
	Gateway  gatewayConfig       `embed:""`
	Examples examplesConfig      `embed:"" group:"Example services"`
	Key      devtoken.Config     `embed:"" group:"Viewers"`
	Log      telemetry.LogConfig `embed:"" group:"Log"`
}

// Run implements the command.
func (c *devCommand) Run(p *process) error {
	if err := tracing.Check(p.Getenv); err != nil {
		return usageError{err}
	}
	own, err := p.listenGateway(c.Gateway)
	if err != nil {
		return err
	}
	var addrs []address
	for i, addr := range c.Examples.addrs {
		addrs = append(addrs, address{c.Examples.services[i] + "-addr", *addr})
	}
	examples, err := p.listenAll(addrs...)
	if err != nil {
		return errors.Join(err, own.Close())
	}
	urls := map[string]string{}
	for i, ln := range examples {
		urls[c.Examples.services[i]] = listenerURL(ln)
	}
	c.applyDefaults(p, urls)
	p.beside = true
	if p.settings.IsDefault(p.parsed, "log-format") && telemetry.IsTerminal(p.Stderr) {
		c.Log.Format = "text"
	}
	log := p.logger(c.Log)
	if err := c.signIn(p, log); err != nil {
		return errors.Join(err, own.Close())
	}
	if c.Examples.Faults.Faults {
		if c.Gateway.faults, err = c.newFaults(p.ctx, p.graph.Services); err != nil {
			return err
		}
		defer c.Gateway.faults.close()
	}

	group, ctx := errgroup.WithContext(p.ctx)
	// The gateway stops first: what it has accepted still needs the services.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	for i, example := range c.Examples.examples {
		group.Go(func() error { return p.serveExample(serving, example, examples[i], c.Examples.Faults, log) })
	}
	group.Go(func() error {
		defer stop()
		return p.serveGateway(ctx, c.Gateway, own, log, func() (reread, error) {
			later, c, err := again[devCommand](p)
			if err != nil {
				return reread{}, err
			}
			c.applyDefaults(later, urls)
			return reread{c.Gateway, c.Log, later.snapshot}, nil
		})
	})
	stdout := telemetry.NewOutput(p.Stdout) // which never blocks the servers and their stop
	defer stdout.Close()
	c.printBanner(stdout, p.graph, own, urls)
	return group.Wait()
}

// applyDefaults applies the defaults that are different in dev: the URLs of the services that it
// runs, and what developers need.
func (c *devCommand) applyDefaults(p *process, urls map[string]string) {
	for i, s := range p.graph.Services {
		if url := urls[s.Name]; url != "" && p.settings.IsDefault(p.parsed, s.Name+"-url") {
			c.Gateway.services[i].URL = url
		}
	}
	c.Gateway.GraphQL.Introspection = c.Gateway.GraphQL.Introspection || p.settings.IsDefault(p.parsed, "introspection")
	c.Gateway.GraphQL.Playground = c.Gateway.GraphQL.Playground || p.settings.IsDefault(p.parsed, "playground")
	c.Gateway.GraphQL.Trace = c.Gateway.GraphQL.Trace || p.settings.IsDefault(p.parsed, "graphql-trace")
	c.Gateway.GraphQL.Cost = c.Gateway.GraphQL.Cost || p.settings.IsDefault(p.parsed, "graphql-cost")
	c.Examples.Faults.Faults = c.Examples.Faults.Faults || p.settings.IsDefault(p.parsed, "faults")
	c.Gateway.Upstream.ShowExchanges = true
	if p.settings.IsDefault(p.parsed, "drain-delay") { // no load balancer has to notice
		c.Gateway.Server.DrainDelay = 0
	}
	if p.settings.IsDefault(p.parsed, "cors-origins") {
		c.Gateway.Browser.Origins = []string{"http://localhost:*", "http://127.0.0.1:*"}
	}
}

func (p *process) listenAll(addrs ...address) ([]net.Listener, error) {
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

// listenerURL returns the base URL of a listener on this machine.
func listenerURL(ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil { // a TCP address always has both
		panic(err)
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// printBanner prints the addresses of what dev runs, and the hints of the graph.
func (c *devCommand) printBanner(stdout io.Writer, g *Graph, own listeners, urls map[string]string) {
	gateway := listenerURL(own.clients)
	if c.Gateway.Server.TLS.Cert != "" {
		gateway = strings.Replace(gateway, "http:", "https:", 1)
	}
	ops := gateway
	if own.ops != nil {
		ops = listenerURL(own.ops)
	}
	var b strings.Builder
	line := func(name, url string) { fmt.Fprintf(&b, "  %-10s  %s\n", name, url) }
	fmt.Fprintf(&b, "%s is running; Ctrl-C stops it.\n\n", g.Name)
	line("status", ops+"/")
	if c.Gateway.GraphQL.Playground {
		line("playground", gateway+"/playground")
		for _, page := range g.Pages {
			line(strings.TrimPrefix(page.Path, "/"), gateway+page.Path)
		}
	}
	if g.OpenAPI != nil {
		line("REST docs", ops+"/docs")
	}
	line("GraphQL", gateway+"/graphql")
	line("health", ops+"/health")
	line("metrics", ops+"/metrics")
	for _, s := range g.Services {
		if url := urls[s.Name]; url != "" {
			line(s.Name, url)
		}
	}
	if c.Gateway.tokens != nil {
		fmt.Fprintf(&b, "\n%s token --sub SUBJECT prints a token to sign in with.\n", g.Name)
	}
	b.WriteString("\n")
	for _, hint := range g.Hints {
		b.WriteString(strings.ReplaceAll(hint, "{gateway}", gateway) + "\n")
	}
	_, _ = io.WriteString(stdout, b.String())
}
