// Command trib is the tool of developers: it makes projects, adds services to them from
// OpenAPI documents, and generates their code.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"tributary/cmd/trib/internal/add"
	"tributary/cmd/trib/internal/check"
	"tributary/cmd/trib/internal/generate"
	"tributary/cmd/trib/internal/lean"
	"tributary/cmd/trib/internal/project"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) //nolint:forbidigo // this is main
}

// cli is the command line.
type cli struct {
	New      newCommand      `cmd:"" help:"Make a project over the library."`
	Add      addCommand      `cmd:"" help:"Write the schema file of a service from its OpenAPI document."`
	Generate generateCommand `cmd:"" help:"Generate the code of the project in the working directory."`
	Check    checkCommand    `cmd:"" help:"Compare the schema with the OpenAPI documents of its services."`
	Lean     leanCommand     `cmd:"" hidden:"" help:"Rewrite the code that gqlgen has generated in a folder."`
}

// errProblems is the error of a command that has printed what is wrong: exit code 1.
var errProblems = errors.New("there are problems")

// run executes a command line and returns the exit code: 0, 1 if check found problems, and
// 2 for input that cannot be used.
func run(args []string, stdout, stderr io.Writer) int {
	exited := false
	parser, err := kong.New(&cli{},
		kong.Name("trib"),
		kong.Description("Makes projects, adds services to them from OpenAPI documents, and generates their code."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { exited = true }), // after --help
		kong.BindTo(stdout, (*io.Writer)(nil)))
	if err != nil {
		panic(err) // a mistake in cli
	}
	command, err := parser.Parse(args)
	if exited {
		return 0
	}
	if err == nil {
		err = command.Run()
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errProblems):
		return 1
	}
	fmt.Fprintln(stderr, "trib: "+strings.Join(strings.Fields(err.Error()), " "))
	return 2
}

type newCommand struct {
	Dir     string `arg:"" help:"The folder of the project, which must not exist or be empty."`
	Module  string `name:"module" required:"" placeholder:"PATH" help:"The path of its Go module, such as example.com/myshop."`
	Library string `name:"library" placeholder:"DIR" help:"The folder of the library. By default that of the working directory's module."`
}

// Run implements the command.
func (c *newCommand) Run(stdout io.Writer) error {
	return project.New(project.Options{Dir: c.Dir, Module: c.Module, Library: c.Library}, stdout)
}

type addCommand struct {
	Name          string   `arg:"" help:"The name of the service: lower case letters, digits and dashes."`
	OpenAPI       string   `name:"openapi" required:"" placeholder:"FILE" help:"Its OpenAPI document: 3.0, 3.1 or Swagger 2.0, in JSON or YAML, or an OpenAPI Overlay that extends one."`
	URL           string   `name:"url" help:"Its base URL, instead of that of the document."`
	Operations    []string `arg:"" optional:"" name:"operation-id" help:"The operations to add: ids, or calls such as 'GET /books/{id}'. Without any, all that read."`
	Read          []string `name:"read" placeholder:"OPERATION_ID" help:"A POST that reads."`
	TrustRequired bool     `name:"trust-required" default:"true" negatable:"" help:"Whether members that the document requires are always there. Otherwise they may be null."`
}

// Run implements the command.
func (c *addCommand) Run(stdout io.Writer) error {
	return add.Run(add.Options{
		Service: c.Name, Document: c.OpenAPI, URL: c.URL,
		Operations: c.Operations, Read: c.Read, TrustRequired: c.TrustRequired,
	}, stdout)
}

type generateCommand struct{}

// Run implements the command.
func (generateCommand) Run(stdout io.Writer) error { return generate.Run(stdout) }

type checkCommand struct{}

// Run implements the command.
func (checkCommand) Run(stdout io.Writer) error {
	_, graph, err := generate.Load()
	if err != nil {
		return err
	}
	problems, err := check.Compare(graph, false)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(stdout, p)
	}
	if len(problems) > 0 {
		return errProblems
	}
	return nil
}

type leanCommand struct {
	Dir string `arg:"" help:"The folder."`
}

// Run implements the command.
func (c *leanCommand) Run() error { return lean.Rewrite(c.Dir) }
