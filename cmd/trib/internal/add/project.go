package add

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
	"tributary/cmd/trib/internal/schema"
)

// schemaDir is where a project has its schema files.
const schemaDir = "graph/schema"

// A project is what the schema files of a project have already.
type project struct {
	sources []*ast.Source
	schema  *ast.Schema
	graph   *schema.Graph
}

// readProject reads the schema files of the project in the working directory.
func readProject() (*project, error) {
	files, err := filepath.Glob(schemaDir + "/*.graphqls")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no project here: %s has no *.graphqls. Make one by trib new, or change to its folder", schemaDir)
	}
	p := &project{}
	for _, f := range files {
		text, err := os.ReadFile(f) //nolint:gosec // G304: a file of the project
		if err != nil {
			return nil, err
		}
		p.sources = append(p.sources, &ast.Source{Name: filepath.ToSlash(f), Input: string(text)})
	}
	if p.schema, err = schema.Parse(append(p.sources, schema.Sources(p.sources)...)); err != nil {
		return nil, err
	}
	p.graph, err = schema.Read(p.schema, schema.Go{})
	return p, err
}

// check returns an error if the project would not be valid with another file.
func (p *project) check(name, text string) error {
	sources := append(slices.Clone(p.sources), &ast.Source{Name: name, Input: text})
	parsed, err := schema.Parse(append(sources, schema.Sources(sources)...))
	if err == nil {
		_, err = schema.Read(parsed, schema.Go{})
	}
	return err
}

func (p *project) hasType(name string) bool { return p.schema.Types[name] != nil }

func (p *project) hasField(typeName, field string) bool {
	def := p.schema.Types[typeName]
	return def != nil && def.Fields.ForName(field) != nil
}

// entities returns the entities of the project's other services.
func (p *project) entities() (all []*entity) {
	for _, o := range p.graph.Objects {
		if o.Entity == nil || o.Entity.Named || o.Entity.Key[0].Field == nil {
			continue
		}
		e := &entity{typeName: o.Def.Name, keys: []string{o.Entity.Key[0].Field.Name}, foreign: true}
		if o.Entity.One != nil {
			e.param = o.Entity.One.InPath()
			if d := o.Def.Directives.ForName(directive.Entity); d != nil {
				e.path = strings.TrimPrefix(directive.String(d, "one"), "GET ")
			}
		}
		all = append(all, e)
	}
	return all
}
