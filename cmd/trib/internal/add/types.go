package add

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tributary/cmd/trib/internal/openapi"
	"tributary/cmd/trib/internal/schema"
)

// reservedTypes cannot be names of types.
var reservedTypes = []string{
	"Query", "Mutation", "Subscription", "String", "Int", "Int64", "Float", "Boolean", "ID", "DateTime", "Decimal",
	"Casing", "WireType", "CacheControlScope",
}

// typeName returns a free name for a type: the name itself, with the service in front, or
// with a number behind.
func (p *plan) typeName(name string) string {
	name = strings.TrimLeft(pascal(name), "_")
	if valid(name) != name { // a name in Go begins with a letter
		name = "T" + name
	}
	if p.free(name) {
		return name
	}
	prefixed := pascal(p.opts.Service) + name
	for i := 2; !p.free(prefixed); i++ {
		prefixed = fmt.Sprintf("%s%s%d", pascal(p.opts.Service), name, i)
	}
	return prefixed
}

func (p *plan) free(name string) bool {
	return p.byName[name] == nil && !p.project.hasType(name) && !slices.Contains(reservedTypes, name)
}

// define adds a definition for a schema.
func (p *plan) define(d *definition) {
	p.byName[d.name] = d
	p.bySchema[d.schema.Identity()] = d
	p.types = append(p.types, d)
}

// typeOfResult names the type of an operation's result.
func (p *plan) typeOfResult(o *operation) {
	if o.result == nil {
		return
	}
	typ, _, problem := p.typeOf(o.result.schema, "", p.nameOfResult(o))
	if problem != "" {
		p.leaveOut("%s: its result %s", o.Call(), problem)
		return
	}
	o.typ = typ
}

// nameOfResult names a result whose schema has no name.
func (*plan) nameOfResult(o *operation) string {
	name := fieldName(o.Operation)
	if o.result.list {
		return singular(name)
	}
	return name
}

// typeOf returns the type of a schema, without a !, and the directive that it needs. name is
// that of the member that has it, and context a name for the type if it has none.
func (p *plan) typeOf(s *openapi.Schema, name, context string) (typ, wire, problem string) {
	if s == nil {
		return "", "", "has no schema"
	}
	if s.Problem != "" {
		return "", "", s.Problem
	}
	switch s.Type {
	case openapi.Array:
		item := name
		if stem, ok := idsStem(name); ok {
			item = stem + "_id"
		} else if normal(name) == "ids" {
			item = "id"
		}
		typ, wire, problem = p.typeOf(s.Items, item, singular(context))
		if problem != "" {
			return "", "", "is a list whose item " + problem
		}
		if s.Items.Nullable {
			return "[" + typ + "]", wire, ""
		}
		return "[" + typ + "!]", wire, ""
	case openapi.Object:
		if typ = p.object(s, context); typ == "" {
			return "", "", "has no member that can be shown"
		}
		return typ, "", ""
	case openapi.Union:
		typ, problem = p.union(s, context)
		return typ, "", problem
	}
	return p.scalar(s, name, context)
}

func (p *plan) scalar(s *openapi.Schema, name, context string) (typ, wire, problem string) {
	switch s.Type {
	case openapi.String:
		switch {
		case isID(name):
			return "ID", "", ""
		case len(s.Enum) > 0:
			return p.enum(s, context), "", ""
		case s.Format == "date-time":
			return "DateTime", "", ""
		}
		return "String", "", ""
	case openapi.Integer:
		switch {
		case isID(name):
			return "ID", "type: INTEGER", ""
		case s.Format == "int64" || s.Format == "uint32" || s.Format == "uint64" || s.Maximum > math.MaxInt32 || s.Minimum < math.MinInt32:
			return "Int64", "", ""
		}
		return "Int", "", ""
	case openapi.Number:
		return "Decimal", "", ""
	case openapi.Boolean:
		return "Boolean", "", ""
	}
	return "", "", fmt.Sprintf("has the type %q", s.Type)
}

// object returns the name of the type of an object, "" if it has no members.
func (p *plan) object(s *openapi.Schema, context string) string {
	if d := p.bySchema[s.Identity()]; d != nil {
		if d.name == "" {
			return ""
		}
		return d.name
	}
	name := s.Name
	if name == "" {
		name = context
	}
	d := &definition{kind: "type", name: p.typeName(name), about: firstParagraph(s.Description), schema: s}
	p.define(d)
	for _, property := range s.Properties {
		p.member(d, property)
	}
	if len(d.fields) == 0 {
		p.forget(d)
		return ""
	}
	return d.name
}

// forget removes a type that has turned out to have no members.
func (p *plan) forget(d *definition) {
	delete(p.byName, d.name)
	p.types = slices.DeleteFunc(p.types, func(t *definition) bool { return t == d })
	d.name = ""
}

// member adds the field of a property.
func (p *plan) member(d *definition, property *openapi.Property) {
	if property.WriteOnly {
		return
	}
	typ, wire, problem := p.typeOf(property.Schema, property.Name, d.name+pascal(property.Name))
	if problem != "" {
		p.leaveOut("%s.%s, which %s", d.name, camel(property.Name), problem)
		return
	}
	f := &fieldDef{name: camel(property.Name), typ: typ, about: firstParagraph(property.Description()), property: property}
	if f.name == "__typename" || strings.HasPrefix(f.name, "__") {
		f.name = strings.TrimLeft(f.name, "_")
	}
	for i := 2; d.field(f.name) != nil; i++ {
		f.name = fmt.Sprintf("%s%d", camel(property.Name), i)
	}
	if property.Required && !property.Schema.Nullable && p.opts.TrustRequired {
		f.typ += "!"
	}
	f.directives = p.wire(f.name, property.Name, wire)
	d.fields = append(d.fields, f)
}

// wire returns the directive @wire for a member, "" if the rules say what it would.
func (p *plan) wire(field, name, typ string) string {
	c := &call{name: "wire"}
	expected := schema.Snake(field)
	if p.camel {
		expected = field
	}
	if expected != name {
		c.with("name", name)
	}
	if typ != "" {
		c.args = append(c.args, typ)
	}
	if len(c.args) == 0 {
		return ""
	}
	return c.String()
}

// enum returns the name of the type of an enum. Enums with the same values in one place of
// the document are one.
func (p *plan) enum(s *openapi.Schema, context string) string {
	if d := p.bySchema[s.Identity()]; d != nil {
		return d.name
	}
	name := s.Name
	if name == "" {
		name = context
	}
	if d := p.byName[pascal(name)]; d != nil && d.kind == "enum" && slices.Equal(d.schema.Enum, s.Enum) {
		return d.name
	}
	d := &definition{kind: "enum", name: p.typeName(name), about: firstParagraph(s.Description), schema: s}
	for _, v := range s.Enum {
		value := upperSnake(v)
		if value == "_" {
			value = "EMPTY"
		}
		for i := 2; d.field(value) != nil; i++ {
			value = fmt.Sprintf("%s_%d", upperSnake(v), i)
		}
		f := &fieldDef{name: value}
		if strings.ToLower(value) != v { //nolint:gocritic // equalFold: case is what it is about
			f.directives = (&call{name: "wire"}).raw("name", quote(v)).String()
		}
		d.fields = append(d.fields, f)
	}
	p.define(d)
	return d.name
}

// union returns the name of the type of a union.
func (p *plan) union(s *openapi.Schema, context string) (name, problem string) {
	if d := p.bySchema[s.Identity()]; d != nil {
		return d.name, ""
	}
	name = s.Name
	if name == "" {
		name = context
	}
	d := &definition{kind: "union", name: p.typeName(name), about: firstParagraph(s.Description), schema: s}
	p.define(d)
	var values []string
	for _, v := range s.Variants {
		typ := p.object(v.Schema, v.Value)
		if typ == "" {
			p.forget(d)
			return "", "has a variant without members"
		}
		if !slices.Contains(d.members, typ) {
			d.members = append(d.members, typ)
		}
		if v.Value != typ {
			values = append(values, v.Value+"="+typ)
		}
	}
	c := (&call{name: "discriminator"}).with("member", s.Member)
	d.directives = c.list("values", values).String()
	return d.name, ""
}

// firstParagraph returns the first paragraph of a description.
func firstParagraph(text string) string {
	paragraph, _, _ := strings.Cut(strings.TrimSpace(text), "\n\n")
	return strings.Join(strings.Fields(paragraph), " ")
}
