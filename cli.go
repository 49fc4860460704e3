package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"tributary/gateway/admin"
	"tributary/gateway/browser"
	"tributary/gateway/cache"
	"tributary/gateway/forward"
	"tributary/gateway/graphqlserver"
	"tributary/gateway/httpserver"
	"tributary/gateway/settings"
	"tributary/gateway/telemetry"
	"tributary/gateway/upstream"
	"tributary/services"
)

// cli is the command line. Every setting is a flag of the commands that use it, and
// is declared in the package that uses it.
type cli struct {
	Config  string           `name:"config" placeholder:"FILE" setting:"-" help:"YAML file with settings."`
	Version kong.VersionFlag `name:"version" setting:"-" help:"Print the version."`

	Dev         devCommand         `cmd:"" help:"Run the gateway and the three example services in one process."`
	Gateway     gatewayCommand     `cmd:"" help:"Run the gateway."`
	Users       usersCommand       `cmd:"" help:"Run the example user service."`
	Orders      ordersCommand      `cmd:"" help:"Run the example order service."`
	Products    productsCommand    `cmd:"" help:"Run the example product service."`
	Healthcheck healthcheckCommand `cmd:"" help:"Succeed when a URL answers 2xx."`
	Settings    configCommand      `cmd:"" name:"config" help:"Print all settings and where their values come from."`
	Query       queryCommand       `cmd:"" help:"Send a query to a running gateway, and draw its waterfall."`
	Explain     explainCommand     `cmd:"" help:"Print how many upstream calls a query may cost, without making any."`
	Schema      schemaCommand      `cmd:"" help:"Print the GraphQL schema."`
}

// gatewayConfig has all settings of the gateway.
type gatewayConfig struct {
	Server   httpserver.Config    `embed:"" group:"Server"`
	Services services.Config      `embed:"" group:"Services"`
	Upstream upstream.Config      `embed:"" group:"Calls to services"`
	Cache    cache.Config         `embed:"" group:"Cache"`
	GraphQL  graphqlserver.Config `embed:"" group:"GraphQL"`
	Browser  browser.Config       `embed:"" group:"Browsers"`
	Admin    admin.Config         `embed:"" group:"Administration"`
	Forward  forward.Config       `embed:"" group:"Header forwarding"`

	breakable *breakable // set by dev
}

// Validate reports overrides for unknown services.
func (c gatewayConfig) Validate() error {
	for _, service := range c.Upstream.Overrides.Services() {
		if !slices.Contains(services.Names(), service) {
			return fmt.Errorf("upstream-overrides: there is no service %q (there are %s)", service, strings.Join(services.Names(), ", "))
		}
	}
	return nil
}

// process is the environment of a command.
type process struct {
	ctx            context.Context //nolint:containedctx // of the whole process
	getenv         func(string) string
	stdout, stderr io.Writer
	version        string
	settings       *settings.Settings
	parsed         *kong.Context
	beside         bool // services share the process with a gateway, as in dev
}

func execute(p *process, args []string) error {
	p.settings = settings.New(p.getenv)
	exited := false
	parser, err := kong.New(&cli{},
		kong.Name("tributary"),
		kong.Description("A backend-for-frontend: one GraphQL schema and a REST profile over REST services. "+
			"Each setting is a flag, BFF_NAME in the environment (name in brackets where it is another) and name in the file; "+
			"flags win over the environment, the environment over the file."),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { exited = true }), // after --help and --version
		kong.Vars{"version": "tributary " + p.version},
		kong.Resolvers(p.settings),
		kong.Bind(p))
	if err != nil {
		return err
	}
	p.parsed, err = parser.Parse(args)
	if exited {
		return nil
	}
	if err != nil {
		return usageError{p.settings.Explain(err)}
	}
	return p.parsed.Run()
}

// BeforeResolve implements kong's hook: it loads the settings file before settings are
// resolved.
func (*cli) BeforeResolve(ctx *kong.Context, p *process) error {
	name := p.getenv(settings.EnvPrefix + "CONFIG")
	for _, flag := range ctx.Model.Flags {
		if flag.Name == "config" {
			if given, ok := ctx.FlagValue(flag).(string); ok && given != "" {
				name = given
			}
		}
	}
	if name == "" {
		return nil
	}
	return p.settings.Load(name)
}

func (p *process) logger(cfg telemetry.LogConfig) *slog.Logger {
	log := telemetry.NewLogger(p.stderr, cfg)
	telemetry.CatchStandardLog(log)
	return log
}

// listen opens addr before anything is started, so that a port in use is reported at
// once.
func (p *process) listen(addr httpserver.Addr) (net.Listener, error) {
	var listening net.ListenConfig
	ln, err := listening.Listen(p.ctx, "tcp", string(addr))
	if err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	return ln, nil
}
