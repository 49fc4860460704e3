// Command tributary is a backend-for-frontend: one GraphQL schema and a REST
// profile over three REST services, which are in the same binary.
package main

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
)

// version is set when the binary is linked.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, complaint(err))
	}
	os.Exit(exitCode(err))
}

// run executes the command in args until it is done or ctx ends. It reads settings with
// getenv, prints results to stdout and logs to stderr. The error is a [usageError] if
// args or settings are invalid.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	return execute(&process{ctx: ctx, getenv: getenv, stdout: stdout, stderr: stderr, version: buildVersion()}, args)
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

// complaint formats an error as one line.
func complaint(err error) string {
	return "tributary: " + strings.Join(strings.Fields(err.Error()), " ")
}

// buildVersion returns the version set by the linker, or else that of the Go module.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
