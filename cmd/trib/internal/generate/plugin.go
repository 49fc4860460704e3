package generate

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/library"
	"tributary/cmd/trib/internal/schema"
)

// plugin is the gqlgen plugin that adds the Go types of the directives and writes the bodies of
// resolvers.
type plugin struct {
	graph  *schema.Graph
	module string
	loads  map[string]*schema.Field // by "Type.field"

	lacking error // the first field that a type in Go does not have
}

func newPlugin(g *schema.Graph, module string) *plugin {
	p := &plugin{graph: g, module: module, loads: map[string]*schema.Field{}}
	for _, f := range append(append([]*schema.Field(nil), g.Fields...), g.Writes...) {
		p.loads[f.Parent.Name+"."+f.Def.Name] = f
	}
	return p
}

// Name implements gqlgen's plugin.Plugin.
func (*plugin) Name() string { return "trib" }

// bind adds the generated types to the models of gqlgen.
func (p *plugin) bind(cfg *config.Config) {
	pkg := p.module + "/services."
	for _, e := range p.graph.Enums {
		cfg.Models.Add(e.Def.Name, pkg+e.Go)
	}
	for _, u := range p.graph.Unions {
		cfg.Models.Add(u.Def.Name, pkg+u.Go)
	}
	if !cfg.Models.Exists("ID") {
		cfg.Models["ID"] = config.TypeMapEntry{Model: config.StringList{"github.com/99designs/gqlgen/graphql.ID"}}
	}
	cfg.Models.Add("ID", library.Module+"/gateway/scalar.IntegerID") // of inputs
	for _, i := range p.graph.Inputs {
		cfg.Models.Add(i.Def.Name, pkg+i.Go)
		p.bindMembers(cfg, i.Def.Name, i.Members)
	}
	for _, o := range p.graph.Objects {
		cfg.Models.Add(o.Def.Name, pkg+o.Go)
		p.bindMembers(cfg, o.Def.Name, o.Members)
	}
	for _, f := range p.loads {
		setField(cfg, f.Parent.Name, f.Def.Name, config.TypeMapField{Resolver: true})
	}
}

func (*plugin) bindMembers(cfg *config.Config, typeName string, members []*schema.Member) {
	for _, m := range members {
		if m.Field != nil {
			setField(cfg, typeName, m.Field.Name, config.TypeMapField{FieldName: m.Go})
		}
	}
}

func setField(cfg *config.Config, typeName, field string, to config.TypeMapField) {
	entry := cfg.Models[typeName]
	if entry.Fields == nil {
		entry.Fields = map[string]config.TypeMapField{}
	}
	entry.Fields[field] = to
	cfg.Models[typeName] = entry
}

// MutateSchema implements gqlgen's plugin.SchemaMutator: code is generated for the schema
// that clients see.
func (*plugin) MutateSchema(parsed *ast.Schema) error {
	schema.Strip(parsed)
	return nil
}

func stubOf(f *codegen.Field) string {
	return fmt.Sprintf("panic(%q)", "not implemented: "+f.Object.Name+"."+f.Name)
}

// stub returns the body of a resolver that is to be written by hand. A resolver that no directive
// requires is due to a Go type without the field.
func (p *plugin) stub(f *codegen.Field) string {
	if !f.Object.Root && !schema.ResolvedInGo(f.FieldDefinition) && p.lacking == nil {
		p.lacking = &schema.Error{At: f.Position, Message: fmt.Sprintf("%s.%s: the type in Go, %s, has no field %s that fits: add one, or give the field @goField(forceResolver: true) and write its resolver",
			f.Object.Name, f.Name, strings.TrimPrefix(f.Object.Type.String(), "*"), f.GoFieldName)}
	}
	return stubOf(f)
}

// generatedBody matches the bodies that Implement has written before.
var generatedBody = regexp.MustCompile(`^return r\.(load|write)\w+\([^\n]*\)$`)

// Implement implements gqlgen's plugin.ResolverImplementer: the body of a resolver that has
// none, or one that was written here. Others stay.
func (p *plugin) Implement(previous string, f *codegen.Field) string {
	loads := p.loads[f.Object.Name+"."+f.Name]
	if previous = strings.TrimSpace(previous); previous != "" && previous != stubOf(f) &&
		(loads == nil || !generatedBody.MatchString(previous)) {
		return previous
	}
	if loads == nil {
		return p.stub(f)
	}
	args := "ctx"
	if !f.Object.Root {
		args += ", obj"
	}
	for _, a := range f.Args {
		args += ", " + a.VarName
	}
	verb := "load"
	if loads.Write != nil {
		verb = "write"
	}
	return fmt.Sprintf("return r.%s%s(%s)", verb, loads.Go, args)
}
