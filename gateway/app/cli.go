package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/httpserver"
	"tributary/gateway/settings"
	"tributary/gateway/telemetry"
)

// cli is the command line. Every setting is a flag of the commands that use it, and
// is declared in the package that uses it.
type cli struct {
	Config  string           `name:"config" placeholder:"FILE" setting:"-" help:"YAML file with settings."`
	Version kong.VersionFlag `name:"version" setting:"-" help:"Print the version."`

	Dev         devCommand         `cmd:"" help:"Run the gateway and the example services in one process."`
	Gateway     gatewayCommand     `cmd:"" help:"Run the gateway."`
	Healthcheck healthcheckCommand `cmd:"" help:"Succeed when a URL answers 2xx."`
	Settings    configCommand      `cmd:"" name:"config" help:"Print all settings and where their values come from."`
	Query       queryCommand       `cmd:"" help:"Send a query to a running gateway, and draw its waterfall."`
	Explain     explainCommand     `cmd:"" help:"Print how many upstream calls a query may cost, without making any."`
	Schema      schemaCommand      `cmd:"" help:"Print the GraphQL schema."`
	Token       tokenCommand       `cmd:"" help:"Print a token by which dev takes a request for a viewer's."`
	Completion  completionCommand  `cmd:"" help:"Print a script that completes commands and flags in bash and zsh: source <(… completion)."`
}

// process is the environment of a command.
type process struct {
	Environment
	ctx      context.Context //nolint:containedctx // of the whole process
	graph    *Graph
	version  string
	settings *settings.Settings
	parsed   *kong.Context
	snapshot settings.Snapshot // of the settings as they were parsed
	beside   bool              // services share the process with a gateway, as in dev
}

func execute(p *process) error {
	exited, bare := false, len(p.Args) == 0
	help := p.Stdout
	if bare { // help was not asked for
		help = p.Stderr
	}
	err := p.parse(kong.Writers(help, p.Stderr), kong.Exit(func(int) { exited = true })) // after --help and --version
	if exited {
		return nil
	}
	if failed, ok := errors.AsType[*kong.ParseError](err); ok && bare {
		return usageError{errors.Join(failed.Context.PrintUsage(false), err)}
	}
	if err != nil {
		return err
	}
	return p.parsed.Run()
}

// parse parses the command line, with the settings that the environment and the file have.
func (p *process) parse(options ...kong.Option) error {
	p.settings = settings.New(p.Getenv)
	parser, err := newParser(p.graph, append([]kong.Option{
		kong.Vars{"version": p.graph.Name + " " + p.version},
		kong.Resolvers(p.settings),
		kong.ValueFormatter(settings.Help),
		kong.Bind(p),
	}, options...)...)
	if err != nil {
		return err
	}
	if p.parsed, err = parser.Parse(p.Args); err != nil {
		return usageError{p.settings.AnnotateError(err, parser.Model)}
	}
	p.snapshot = p.settings.Snapshot(p.parsed)
	return nil
}

// again parses the command line of a running process once more. The command is of type T.
func again[T any](p *process) (*process, *T, error) {
	later := *p
	if err := later.parse(kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {})); err != nil {
		return nil, nil, err
	}
	return &later, later.parsed.Selected().Target.Addr().Interface().(*T), nil //nolint:forcetypeassert // of the same arguments
}

// newParser returns the parser of the command line of g, whose services have settings
// and, if they have an example, a command each.
func newParser(g *Graph, options ...kong.Option) (*kong.Kong, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	c := &cli{}
	for _, cfg := range []*gatewayConfig{&c.Dev.Gateway, &c.Gateway.Gateway, &c.Settings.Gateway, &c.Explain.Gateway} {
		*cfg = newGatewayConfig(g)
	}
	c.Dev.Examples, c.Settings.Examples = newExamplesConfig(g), newExamplesConfig(g)
	options = append([]kong.Option{
		kong.Name(g.Name),
		kong.Description(strings.TrimSpace(g.Description + " Each setting is a flag, a variable in the environment (in " +
			"brackets) and a key in the file (the flag's name with _); flags win over the environment, the environment over the file.")),
	}, options...)
	for _, s := range g.Services {
		if s.Example != nil {
			options = append(options, kong.DynamicCommand(s.Name, "Run the example of the "+s.Name+" service.", "", newExampleCommand(s)))
		}
	}
	return kong.New(c, options...)
}

// BeforeResolve implements kong's hook: it loads the settings file before settings are
// resolved.
func (*cli) BeforeResolve(ctx *kong.Context, p *process) error {
	name := p.Getenv(settings.EnvPrefix + "CONFIG")
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

// logger returns the log of a server, whose first lines tell of its settings.
func (p *process) logger(cfg telemetry.LogConfig) *slog.Logger {
	log := telemetry.NewLogger(p.Stderr, cfg)
	telemetry.RedirectStdLog(log)
	for _, unknown := range p.settings.Unknown(p.Environ, p.parsed.Model) {
		log.Warn("unknown setting in the environment", "variable", unknown.Name, "nearest", unknown.Nearest)
	}
	log.LogAttrs(p.ctx, slog.LevelInfo, "settings that are not default", slog.GroupAttrs("settings", p.settings.Changed(p.parsed)...))
	return log
}

// registry returns a registry for the metrics of a server and of the process.
func (p *process) registry() *prometheus.Registry {
	reg := telemetry.NewRegistry(p.version)
	if log, ok := p.Stderr.(*telemetry.Output); ok {
		reg.MustRegister(log.Dropped())
	}
	return reg
}

// An address is one to listen on, and the flag that sets it.
type address struct {
	flag string
	addr httpserver.Addr
}

// listen opens a before anything is started, so that a port in use is reported at
// once, with the flag that chooses another.
func (p *process) listen(a address) (net.Listener, error) {
	var listening net.ListenConfig
	ln, err := listening.Listen(p.ctx, "tcp", string(a.addr))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot start: %w: stop what uses it, or choose another port with --%s=:PORT", err, a.flag)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	return ln, nil
}

// check reports the first service that cannot have settings.
func (g *Graph) check() error {
	var names []string
	for _, s := range g.Services {
		if s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return fmt.Errorf("the name of service %q must consist of lower case letters, digits and dashes", s.Name)
		}
		if slices.Contains(names, s.Name) {
			return fmt.Errorf("there are two services %q", s.Name)
		}
		names = append(names, s.Name)
	}
	return nil
}
