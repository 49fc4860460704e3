package main

import (
	"context"
	"log/slog"
	"net"
	"time"

	"tributary/gateway/httpserver"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
	ordersserver "tributary/services/orders/server"
	productsserver "tributary/services/products/server"
	"tributary/services/restservice"
	usersserver "tributary/services/users/server"
)

// The listening address of each service.
type (
	usersAddr struct {
		Users httpserver.Addr `name:"users-addr" setting:"USERS_ADDR" default:":8001" help:"Address the user service listens on."`
	}
	ordersAddr struct {
		Orders httpserver.Addr `name:"orders-addr" setting:"ORDERS_ADDR" default:":8002" help:"Address the order service listens on."`
	}
	productsAddr struct {
		Products httpserver.Addr `name:"products-addr" setting:"PRODUCTS_ADDR" default:":8003" help:"Address the product service listens on."`
	}
)

// faultsConfig enables fault injection, for demonstrations and tests.
type faultsConfig struct {
	Faults bool `name:"faults" help:"Let PUT /_faults inject faults into the services."`
}

// serviceConfig has the settings of all three services.
type serviceConfig struct {
	Users    usersAddr    `embed:""`
	Orders   ordersAddr   `embed:""`
	Products productsAddr `embed:""`
	Faults   faultsConfig `embed:""`
}

type usersCommand struct {
	Addr   usersAddr           `embed:""`
	Faults faultsConfig        `embed:""`
	Log    telemetry.LogConfig `embed:"" group:"Log"`
}

// Run implements the command.
func (c *usersCommand) Run(p *process) error {
	return p.runService(usersserver.New, c.Addr.Users, c.Faults, c.Log)
}

type ordersCommand struct {
	Addr   ordersAddr          `embed:""`
	Faults faultsConfig        `embed:""`
	Log    telemetry.LogConfig `embed:"" group:"Log"`
}

// Run implements the command.
func (c *ordersCommand) Run(p *process) error {
	return p.runService(ordersserver.New, c.Addr.Orders, c.Faults, c.Log)
}

type productsCommand struct {
	Addr   productsAddr        `embed:""`
	Faults faultsConfig        `embed:""`
	Log    telemetry.LogConfig `embed:"" group:"Log"`
}

// Run implements the command.
func (c *productsCommand) Run(p *process) error {
	return p.runService(productsserver.New, c.Addr.Products, c.Faults, c.Log)
}

// newService creates one of the three services.
type newService func(restservice.Options) *restservice.Service

func (p *process) runService(create newService, addr httpserver.Addr, faults faultsConfig, log telemetry.LogConfig) error {
	ln, err := p.listen(addr)
	if err != nil {
		return err
	}
	return p.serveService(p.ctx, create, ln, faults, p.logger(log))
}

// serviceGrace is how long accepted requests may take after a service was told to stop.
const serviceGrace = 10 * time.Second

func (p *process) serveService(ctx context.Context, create newService, ln net.Listener, faults faultsConfig, log *slog.Logger) error {
	service := create(restservice.Options{
		Log:      log,
		Registry: telemetry.NewRegistry(p.version),
		Faults:   faults.Faults,
		Stopping: ctx.Done(),
	})
	traces, err := tracing.New(ctx, tracing.Source{Name: service.Name, Version: p.version, KeepName: p.beside}, p.getenv, log)
	if err != nil {
		_ = ln.Close()
		return usageError{err}
	}
	defer traces.Close(ctx)
	server := &httpserver.Server{Handler: traces.Handler(service), Log: log, Grace: serviceGrace}
	return server.Serve(ctx, ln)
}
