package app

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"tributary/gateway/httpserver"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

// examplesConfig has the settings of all example services.
type examplesConfig struct {
	Addrs  kong.Plugins `embed:""` // their addresses
	Faults faultsConfig `embed:""`

	examples []*Example
	addrs    []*httpserver.Addr // those of Addrs, in the order of examples
	services []string           // the names of the services, in the same order
}

// faultsConfig enables fault injection, for demonstrations and tests.
type faultsConfig struct {
	Faults bool `name:"faults" help:"Let faults be injected: into the example services by PUT /_faults, and in dev into the calls of all services by PUT /dev/faults/SERVICE."`
}

func newExamplesConfig(g *Graph) examplesConfig {
	var cfg examplesConfig
	for _, s := range g.Services {
		if s.Example == nil {
			continue
		}
		plugin, addr := addrOf(s)
		cfg.Addrs = append(cfg.Addrs, plugin)
		cfg.addrs = append(cfg.addrs, addr)
		cfg.examples = append(cfg.examples, s.Example)
		cfg.services = append(cfg.services, s.Name)
	}
	return cfg
}

// addrOf returns the setting for the address that the example of s listens on.
func addrOf(s Service) (plugin any, addr *httpserver.Addr) {
	env := strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")) + "_ADDR"
	return flagsOf[httpserver.Addr](`name:` + strconv.Quote(s.Name+"-addr") + ` setting:` + strconv.Quote(env) +
		` default:` + strconv.Quote(s.Example.Addr) + ` help:` + strconv.Quote("Address that the example of the "+s.Name+" service listens on."))
}

// exampleCommand runs one example service alone.
type exampleCommand struct {
	Addr   kong.Plugins        `embed:"" group:"Example services"`
	Faults faultsConfig        `embed:"" group:"Example services"`
	Log    telemetry.LogConfig `embed:"" group:"Log"`

	service string
	example *Example
	addr    *httpserver.Addr
}

func newExampleCommand(s Service) *exampleCommand {
	plugin, addr := addrOf(s)
	return &exampleCommand{Addr: kong.Plugins{plugin}, service: s.Name, example: s.Example, addr: addr}
}

// Run implements the command.
func (c *exampleCommand) Run(p *process) error {
	ln, err := p.listen(address{c.service + "-addr", *c.addr})
	if err != nil {
		return err
	}
	return p.serveExample(p.ctx, c.example, ln, c.Faults, p.logger(c.Log))
}

// How long requests that an example service has accepted may take after it was told to stop:
// alone, and in dev, where it stops after the gateway. Each process stops within ten seconds.
const (
	exampleGrace       = 8 * time.Second
	exampleGraceBeside = 2 * time.Second
)

func (p *process) serveExample(ctx context.Context, example *Example, ln net.Listener, faults faultsConfig, log *slog.Logger) error {
	traces, err := tracing.New(ctx, tracing.Source{Name: example.Name, Version: p.version, IgnoreEnvName: p.beside}, p.Getenv, log)
	if err != nil {
		_ = ln.Close()
		return usageError{err}
	}
	defer traces.Close(ctx)
	service := example.New(ExampleOptions{
		Log:      log,
		Registry: p.registry(),
		Faults:   faults.Faults,
		Stopping: ctx.Done(),
	})
	grace := exampleGrace
	if p.beside {
		grace = exampleGraceBeside
	}
	server := &httpserver.Server{Handler: traces.Handler(service), Log: log, Grace: grace}
	return server.Serve(ctx, ln)
}
