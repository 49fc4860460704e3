package schema

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// A GoType is a type in Go that the configuration of gqlgen names for one of the schema.
type GoType struct {
	Package, Name string
	Fields        map[string]string // names of fields in Go, where they are not those of the schema
}

// Go is what is written by hand in the package of the services.
type Go struct {
	Package  string             // its path
	Declared map[string]bool    // the names of its functions, types, constants and variables
	Types    map[string]*GoType // by name in the schema
}

// byHand returns the type in Go of a definition, nil if it is generated. It must be in the
// package where values are decoded.
func (r *reader) byHand(def *ast.Definition) *GoType {
	t := r.written.Types[def.Name]
	if t != nil && t.Package != r.written.Package {
		errorf(def.Position, "%s: its type in Go, %s.%s, is not in %s, where it is decoded: write type %s = … there, and name that in gqlgen.yml",
			def.Name, t.Package, t.Name, r.written.Package, t.Name)
	}
	if t != nil && !r.written.Declared[t.Name] {
		errorf(def.Position, "%s: gqlgen.yml names the type %s for it, which %s does not declare: write it there, or remove it from gqlgen.yml", def.Name, t.Name, t.Package)
	}
	return t
}

// decodedByHand reports whether there is a function that decodes a type in Go. One that is
// neither generated nor an object must have it.
func (r *reader) decodedByHand(def *ast.Definition, t *GoType) {
	if name := "decode" + t.Name; !r.written.Declared[name] {
		errorf(def.Position, "%s: its type in Go, %s, needs func %s(d *rest.Decoder, v *%s) bool in %s", def.Name, t.Name,
			name, t.Name, r.written.Package)
	}
}

// goField returns the name of a field in Go.
func (t *GoType) goField(name string) string {
	if t != nil && t.Fields[name] != "" {
		return t.Fields[name]
	}
	return goName(name)
}
