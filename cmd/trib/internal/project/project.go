// Package project makes projects over the library.
package project

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"tributary/cmd/trib/internal/generate"
	"tributary/cmd/trib/internal/library"
)

//go:embed all:files
var files embed.FS

// names maps the embedded files that need another name in a project.
var names = map[string]string{"gitignore": ".gitignore", "dockerignore": ".dockerignore"}

// Options say which project is made.
type Options struct {
	Dir     string
	Module  string
	Library string // the folder of the library; "" to look for it
}

// New makes a project. If it fails, nothing is left of it.
func New(o Options, stdout io.Writer) (err error) {
	if err := module.CheckImportPath(o.Module); err != nil || o.Module == library.Module {
		return fmt.Errorf("--module: %q cannot be the path of a module: write one such as example.com/myshop", o.Module)
	}
	if o.Library == "" {
		if o.Library, err = library.Dir(); err != nil {
			return err
		}
	}
	if o.Library, err = filepath.Abs(o.Library); err != nil {
		return err
	}
	if err := library.Check(o.Library); err != nil {
		return fmt.Errorf("--library: %w", err)
	}
	existed, err := usable(o.Dir)
	if err != nil {
		return err
	}
	if err := fill(o); err != nil {
		return errors.Join(err, remove(o.Dir, existed))
	}
	_, err = fmt.Fprintf(stdout, "%s is a project: cd %s, then\n"+
		"  go tool trib add NAME --openapi FILE   for each of its services\n"+
		"  go tool trib generate\n"+
		"  go run . dev\n", o.Module, o.Dir)
	return err
}

// usable returns an error unless a project can be made in dir, and whether dir exists.
func usable(dir string) (existed bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%s is not a folder", dir)
	case len(entries) > 0:
		return false, fmt.Errorf("%s is not empty: name a folder that does not exist yet", dir)
	}
	return true, nil
}

func remove(dir string, existed bool) error {
	if !existed {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// fill writes the files of a project and generates its code.
func fill(o Options) error {
	v := struct{ Module, Name, Library string }{o.Module, nameOf(o.Module), library.Module}
	err := fs.WalkDir(files, "files", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		t, err := template.New(path).Parse(string(text))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, v); err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "files/"), ".tmpl")
		if plain, ok := names[name]; ok {
			name = plain
		}
		return write(filepath.Join(o.Dir, filepath.FromSlash(name)), out.Bytes())
	})
	if err == nil {
		err = writeModule(o)
	}
	if err != nil {
		return err
	}
	return generate.In(o.Dir)
}

func write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // G301: source code
		return err
	}
	return os.WriteFile(name, content, 0o644) //nolint:gosec // G306: source code
}

// writeModule writes go.mod and go.sum. They have the versions of the library, so that
// nothing has to be looked up.
func writeModule(o Options) error {
	text, err := os.ReadFile(filepath.Join(o.Library, "go.mod"))
	if err != nil {
		return err
	}
	of, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return err
	}
	mod := &modfile.File{Syntax: &modfile.FileSyntax{}}
	err = errors.Join(
		mod.AddModuleStmt(o.Module),
		mod.AddGoStmt(of.Go.Version),
		mod.AddRequire(library.Module, "v0.0.0"),
		mod.AddReplace(library.Module, "", o.Library, ""),
		mod.AddTool(library.Module+"/cmd/trib"),
	)
	for _, r := range of.Require {
		mod.AddNewRequire(r.Mod.Path, r.Mod.Version, !direct(r.Mod.Path))
	}
	mod.Cleanup()
	formatted, e := mod.Format()
	if err := errors.Join(err, e); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(o.Library, "go.sum"))
	if err != nil {
		return err
	}
	return errors.Join(write(filepath.Join(o.Dir, "go.mod"), formatted), write(filepath.Join(o.Dir, "go.sum"), sums))
}

// direct reports whether the code of a project imports a module itself.
func direct(path string) bool {
	return path == "github.com/99designs/gqlgen" || path == "github.com/vektah/gqlparser/v2"
}

var notInName = regexp.MustCompile(`[^a-z0-9-]+`)

// nameOf returns the name of a project's program.
func nameOf(path string) string {
	path, _, _ = module.SplitPathVersion(path)
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(path[strings.LastIndex(path, "/")+1:]), "-"), "-")
	if name == "" {
		return "graph"
	}
	return name
}
