// Package directive has the definitions of the directives that say where the data of a
// graph comes from, and who may see it.
package directive

import (
	_ "embed"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/access"
)

//go:embed directives.graphqls
var definitions string

// Source returns the definitions. They are part of every schema that trib reads, and of
// none that is served.
func Source() *ast.Source {
	return &ast.Source{Name: "directives.graphqls", Input: definitions, BuiltIn: true}
}

// Names of the directives.
const (
	Service       = "service"
	Entity        = "entity"
	Join          = "join"
	Read          = "read"
	Write         = "write"
	Wire          = "wire"
	Discriminator = "discriminator"
	ListSize      = "listSize"

	Authenticated  = access.Authenticated
	RequiresScopes = access.RequiresScopes
	Allow          = access.AllowRule
)

// Names returns the names of the directives.
func Names() []string {
	return []string{Service, Entity, Join, Read, Write, Wire, Discriminator, ListSize, Authenticated, RequiresScopes, Allow}
}

// String returns a string argument, "" if it is absent.
func String(d *ast.Directive, name string) string {
	if v := value(d, name); v != nil {
		return v.Raw
	}
	return ""
}

// Strings returns an argument that is a list of strings, or a single one.
func Strings(d *ast.Directive, name string) []string {
	v := value(d, name)
	switch {
	case v == nil || v.Kind == ast.NullValue:
		return nil
	case v.Kind != ast.ListValue:
		return []string{v.Raw}
	}
	all := make([]string, len(v.Children))
	for i, c := range v.Children {
		all[i] = c.Value.Raw
	}
	return all
}

// Given reports whether an argument is given.
func Given(d *ast.Directive, name string) bool { return d.Arguments.ForName(name) != nil }

// value returns an argument or its default.
func value(d *ast.Directive, name string) *ast.Value {
	if a := d.Arguments.ForName(name); a != nil {
		return a.Value
	}
	if d.Definition != nil {
		if a := d.Definition.Arguments.ForName(name); a != nil {
			return a.DefaultValue
		}
	}
	return nil
}
