package generate

import (
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"golang.org/x/tools/go/packages"

	"tributary/cmd/trib/internal/schema"
)

// writtenByHand returns what is written by hand in the package of the services.
func writtenByHand(cfg *config.Config) (schema.Go, error) {
	module, err := moduleOf("go.mod")
	if err != nil {
		return schema.Go{}, err
	}
	written := schema.Go{Package: module + "/" + servicesDir, Declared: map[string]bool{}, Types: map[string]*schema.GoType{}}
	for name, entry := range cfg.Models {
		if len(entry.Model) == 0 {
			continue
		}
		t := &schema.GoType{Fields: map[string]string{}}
		dot := strings.LastIndex(entry.Model[0], ".")
		if dot < 0 {
			continue // gqlgen says what is wrong with it
		}
		t.Package, t.Name = entry.Model[0][:dot], entry.Model[0][dot+1:]
		for field, f := range entry.Fields {
			t.Fields[field] = f.FieldName
		}
		written.Types[name] = t
	}
	files, err := filepath.Glob(filepath.Join(servicesDir, "*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, ".generated.go") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return written, err
		}
		for _, name := range declarations(parsed) {
			written.Declared[name] = true
		}
	}
	return written, err
}

// typesFit returns an error if the code that decodes types in Go written by hand does not
// compile, because a field of theirs is of another type.
func (p *plugin) typesFit(cfg *config.Config) error {
	if !slices.ContainsFunc(p.graph.Objects, func(o *schema.Object) bool { return o.ByHand }) {
		return nil
	}
	pkg := cfg.Packages.LoadWithTypes(p.module + "/" + servicesDir)
	if pkg == nil {
		return nil
	}
	for _, e := range pkg.Errors {
		if e.Kind == packages.TypeError {
			return fmt.Errorf("%s: %s: a type in Go that gqlgen.yml names does not fit the schema", relative(e.Pos), e.Msg)
		}
	}
	return nil
}

// relative returns a position with its file as seen from the working directory.
func relative(position string) string {
	if dir, err := os.Getwd(); err == nil {
		return strings.TrimPrefix(position, dir+string(filepath.Separator))
	}
	return position
}

// declarations returns the names that a file declares.
func declarations(file *goast.File) (names []string) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *goast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *goast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *goast.TypeSpec:
					names = append(names, s.Name.Name)
				case *goast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}
