package schema

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
)

// Strip removes from a schema what clients do not see: the directives that say where data
// comes from, those for gqlgen, and their definitions.
func Strip(s *ast.Schema) {
	for name, d := range s.Directives {
		if hidden(name) {
			delete(s.Directives, name)
			for _, a := range d.Arguments {
				if t := s.Types[a.Type.Name()]; t != nil && t.Kind == ast.Enum && t.Position.Src == d.Position.Src {
					delete(s.Types, t.Name)
				}
			}
		}
	}
	s.SchemaDirectives = visible(s.SchemaDirectives)
	for _, def := range s.Types {
		def.Directives = visible(def.Directives)
		for _, f := range def.Fields {
			f.Directives = visible(f.Directives)
			for _, a := range f.Arguments {
				a.Directives = visible(a.Directives)
			}
		}
		for _, v := range def.EnumValues {
			v.Directives = visible(v.Directives)
		}
	}
}

func visible(all ast.DirectiveList) ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(all), func(d *ast.Directive) bool { return hidden(d.Name) })
}

func hidden(name string) bool {
	return slices.Contains(directive.Names(), name) || slices.Contains([]string{"goField", "goModel", "goTag", "goEnum"}, name)
}
