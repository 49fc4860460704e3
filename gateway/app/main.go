package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"tributary/gateway/telemetry"
)

// Main runs the command line of the process over g until it is done or a signal ends
// it, and exits with the code of the result: 0, 2 if arguments or settings are
// invalid, and 1 for any other error, which is printed as one line to stderr.
func Main(g *Graph) { os.Exit(runProcess(g)) }

// runProcess runs the command line of the process and returns its exit code. It waits a
// second at most for the readers of stderr and stdout, also when the command panics: the
// runtime would wait forever.
func runProcess(g *Graph) (code int) {
	// A reader that is gone fails a write, and does not end the process. Neither does a
	// terminal that is closed.
	signal.Ignore(syscall.SIGPIPE)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	stderr := telemetry.NewOutput(os.Stderr)
	defer stderr.Close()
	defer func() {
		if v := recover(); v != nil {
			stderr.LogPanic(v)
			code = 2 // as the runtime has it
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return Run(ctx, g, Environment{Args: os.Args[1:], Getenv: os.Getenv, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: stderr, Hangup: hangup})
}

// An Environment is what a command gets from the process.
type Environment struct {
	Args   []string                 // without the name of the program
	Getenv func(name string) string // an empty value counts as unset
	// Environ has all variables, as NAME=value. It is for warnings of names that are not
	// settings, and may be nil.
	Environ []string
	Stdin   io.Reader
	Stdout  io.Writer // for what a command is asked to print
	Stderr  io.Writer // for logs and errors
	// Hangup receives a value when a gateway is to read its settings file again. It may be nil.
	Hangup <-chan os.Signal
}

// Run is [Main] without a process: it runs a command in env until it is done or ctx
// ends, and returns the exit code.
func Run(ctx context.Context, g *Graph, env Environment) int {
	err := execute(&process{ctx: ctx, graph: g, Environment: env, version: g.version()})
	if err != nil {
		fmt.Fprintf(env.Stderr, "%s: %s\n", g.Name, strings.Join(strings.Fields(err.Error()), " "))
	}
	return exitCode(err)
}

// usageError is the error of an invalid command line or setting.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func exitCode(err error) int {
	if _, usage := errors.AsType[usageError](err); usage {
		return 2
	}
	if err != nil {
		return 1
	}
	return 0
}

// version returns the version of the graph, or else that of the Go module.
func (g *Graph) version() string {
	if g.Version != "" {
		return g.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
