// Package generate writes the Go code of a project: what gqlgen makes of its schema, and
// the types, decoders, loaders and joins that the directives say.
package generate

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"log" //nolint:depguard // the one that gqlgen writes to
	"os"
	"path/filepath"
	"text/template"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
	gqlplugin "github.com/99designs/gqlgen/plugin"
	"golang.org/x/mod/modfile"
	"golang.org/x/tools/imports"

	"tributary/cmd/trib/internal/check"
	"tributary/cmd/trib/internal/directive"
	"tributary/cmd/trib/internal/lean"
	"tributary/cmd/trib/internal/library"
	"tributary/cmd/trib/internal/schema"
)

//go:embed templates
var templateFiles embed.FS

// The folders of a project.
const (
	servicesDir  = "services"
	resolversDir = "resolvers"
)

// In generates the code of the project in dir.
func In(dir string) (err error) {
	before, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil { // gqlgen works there only
		return err
	}
	defer func() { err = errors.Join(err, os.Chdir(before)) }()
	return Run(io.Discard)
}

// Run generates the code of the project in the working directory, and prints warnings about its
// schema to out. If it fails, the project is as before.
func Run(out io.Writer) (err error) {
	cfg, graph, err := Load()
	if err != nil {
		return err
	}
	if err := fits(graph); err != nil {
		return err
	}
	if err := checkAllow(graph.Rules, resolversDir); err != nil {
		return err
	}
	defer func() {
		for _, w := range graph.Warnings {
			if err == nil {
				fmt.Fprintln(out, "warning: "+w.Error())
			}
		}
	}()
	module, err := moduleOf("go.mod")
	if err != nil {
		return err
	}
	before, err := takeSnapshot(cfg.Exec.DirName, servicesDir, resolversDir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, before.restore())
		}
	}()
	if err := before.removeGenerated(cfg.Exec.DirName, servicesDir); err != nil {
		return err
	}
	v := newView(graph, library.Module, module)
	if err := v.write(); err != nil {
		return err
	}
	if v.Empty {
		return nil
	}
	p := newPlugin(graph, module)
	p.bind(cfg)
	log.SetOutput(io.Discard) // gqlgen logs what it makes of fields that Go types lack, which p reports
	defer log.SetOutput(os.Stderr)
	err = api.Generate(cfg, func(_ *config.Config, all *[]gqlplugin.Plugin) { *all = append(*all, p) })
	switch {
	case p.lacking != nil:
		return p.lacking
	case err != nil:
		return fmt.Errorf("gqlgen: %w", err)
	}
	if err := p.typesFit(cfg); err != nil {
		return err
	}
	if err := lean.Rewrite(cfg.Exec.DirName); err != nil {
		return err
	}
	if err := exactDefaults(cfg.Schema, cfg.Exec.DirName); err != nil {
		return err
	}
	return servePlain(cfg)
}

// Load reads the schema of the project in the working directory.
func Load() (*config.Config, *schema.Graph, error) {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return nil, nil, err
	}
	cfg.SkipModTidy, cfg.SkipValidation = true, true
	cfg.Sources = append(cfg.Sources, schema.Sources(cfg.Sources)...)
	for _, name := range directive.Names() {
		if cfg.Directives == nil {
			cfg.Directives = map[string]config.DirectiveConfig{}
		}
		cfg.Directives[name] = config.DirectiveConfig{SkipRuntime: true}
	}
	parsed, err := schema.Parse(cfg.Sources)
	if err != nil {
		return nil, nil, err
	}
	written, err := writtenByHand(cfg)
	if err != nil {
		return nil, nil, err
	}
	graph, err := schema.Read(parsed, written)
	return cfg, graph, err
}

// fits returns an error for the first field that does not fit the document of its service.
func fits(g *schema.Graph) error {
	problems, err := check.Compare(g, true)
	if err != nil {
		return err
	}
	for _, p := range problems {
		if p.Breaks {
			return &schema.Error{At: p.At, Message: p.String()}
		}
	}
	return nil
}

// moduleOf returns the path of the module in a go.mod.
func moduleOf(file string) (string, error) {
	b, err := os.ReadFile(file) //nolint:gosec // G304: a file of the project
	if err != nil {
		return "", err
	}
	module := modfile.ModulePath(b)
	if module == "" {
		return "", fmt.Errorf("%s names no module", file)
	}
	return module, nil
}

// write writes the files that the directives lead to.
func (v *view) write() error {
	for _, s := range v.Services {
		if err := v.of(s).render("service.gotpl", filepath.Join(servicesDir, s.Name+".generated.go")); err != nil {
			return err
		}
	}
	return errors.Join(
		v.render("services.gotpl", filepath.Join(servicesDir, "services.generated.go")),
		v.render("loaders.gotpl", filepath.Join(resolversDir, "loaders.generated.go")),
		v.render("joins.gotpl", filepath.Join(resolversDir, "joins.generated.go")),
	)
}

// render writes a file from a template.
func (v *view) render(name, file string) error {
	t, err := template.New(name).Funcs(functions()).ParseFS(templateFiles, "templates/"+name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, v); err != nil {
		return err
	}
	formatted, err := imports.Process(file, out.Bytes(), nil)
	if err != nil {
		return fmt.Errorf("the code for %s is not Go, which is a fault of trib: %w", file, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // G301: source code
		return err
	}
	return os.WriteFile(file, formatted, 0o644) //nolint:gosec // G306: source code
}
