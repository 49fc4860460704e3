package openapi

import (
	"fmt"
	"path"
	"strings"
)

// The types of schemas.
const (
	String  = "string"
	Integer = "integer"
	Number  = "number"
	Boolean = "boolean"
	Array   = "array"
	Object  = "object"
	Union   = "union"
)

// A Schema is the schema of a value.
type Schema struct {
	Name        string // of its definition, "" if it is written in place
	Type        string // "" if it is not known
	Format      string
	Description string
	Nullable    bool
	Enum        []string
	Minimum     float64
	Maximum     float64
	MaxItems    int
	Items       *Schema
	Properties  []*Property
	Variants    []Variant // of a union
	Member      string    // of a union: that names the variant
	Problem     string    // why it cannot be used
	Ref         string    // the reference that led to it
}

// A Property is a member of an object.
type Property struct {
	Name      string
	Schema    *Schema
	Required  bool
	WriteOnly bool
	ReadOnly  bool
	About     string // its description
}

// A Variant is one type of a union.
type Variant struct {
	Value  string // of the member that names it
	Schema *Schema
}

// Property returns a property, nil if there is none of this name.
func (s *Schema) Property(name string) *Property {
	for _, p := range s.Properties {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// schema returns the schema that v is, or refers to.
func (d *Document) schema(v any, file string) *Schema {
	o, ok := v.(object)
	if !ok {
		if v == true {
			return &Schema{Problem: "has any value"}
		}
		return &Schema{Problem: "has no schema"}
	}
	ref := o.string("$ref")
	if ref == "" {
		s := &Schema{}
		d.readSchema(s, o, file)
		return s
	}
	target, in := d.lookUp(ref, file)
	id := in + "#" + ref[strings.Index(ref+"#", "#"):]
	if s := d.schemas[id]; s != nil {
		return s
	}
	s := &Schema{Name: refName(ref), Ref: ref}
	d.schemas[id] = s
	definition, ok := target.(object)
	if !ok {
		s.Problem = fmt.Sprintf("refers to %s, which does not exist", ref)
		return s
	}
	if next := definition.string("$ref"); next != "" {
		*s = *d.schema(definition, in)
		return s
	}
	d.readSchema(s, definition, in)
	return s
}

// refName returns the name of what a reference leads to.
func refName(ref string) string {
	name := path.Base(strings.ReplaceAll(ref, "#", "/"))
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
}

// readSchema reads a schema that is no reference into s.
func (d *Document) readSchema(s *Schema, o object, file string) {
	s.Description = strings.TrimSpace(o.string("description"))
	s.Format = o.string("format")
	s.Nullable = o.bool("nullable") || o.bool("x-nullable")
	s.Minimum, _ = o.get("minimum").(float64)
	s.Maximum, _ = o.get("maximum").(float64)
	if n, ok := o.get("maxItems").(float64); ok {
		s.MaxItems = int(n)
	}
	s.Type = d.typeOf(s, o)
	for _, v := range o.list("enum") {
		if v == nil {
			s.Nullable = true
			continue
		}
		s.Enum = append(s.Enum, fmt.Sprint(v))
	}
	if v := o.get("const"); v != nil && s.Type == String {
		s.Enum = []string{fmt.Sprint(v)}
	}
	switch {
	case len(o.list("allOf")) > 0:
		d.merge(s, o, file)
	case len(o.list("oneOf")) > 0:
		d.union(s, o, o.list("oneOf"), file)
	case len(o.list("anyOf")) > 0:
		d.union(s, o, o.list("anyOf"), file)
	case s.Type == Array:
		s.Items = d.schema(o.get("items"), file)
	case s.Type == Object:
		d.readProperties(s, o, file)
	}
	if s.Type == "" && s.Problem == "" {
		s.Problem = "has no type"
	}
}

// typeOf returns the type that a schema says or implies.
func (*Document) typeOf(s *Schema, o object) string {
	switch t := o.get("type").(type) {
	case string:
		return t
	case []any: // 3.1
		name := ""
		for _, v := range t {
			switch {
			case v == "null":
				s.Nullable = true
			case name == "":
				name = fmt.Sprint(v)
			default:
				s.Problem = "has one of several types"
			}
		}
		return name
	}
	switch {
	case o.get("properties") != nil || o.get("additionalProperties") != nil:
		return Object
	case o.get("items") != nil:
		return Array
	case o.get("enum") != nil:
		return String
	}
	return ""
}

func (d *Document) readProperties(s *Schema, o object, file string) {
	required := map[string]bool{}
	for _, name := range o.list("required") {
		required[fmt.Sprint(name)] = true
	}
	for _, p := range o.object("properties") {
		definition, _ := p.value.(object)
		property := &Property{
			Name: p.name, Schema: d.schema(p.value, file), Required: required[p.name],
			WriteOnly: definition.bool("writeOnly"), ReadOnly: definition.bool("readOnly"),
		}
		property.About = property.Schema.Description
		if about := strings.TrimSpace(definition.string("description")); about != "" {
			property.About = about
		}
		if definition.bool("nullable") && definition.string("$ref") != "" {
			nullable := *property.Schema
			nullable.Nullable = true
			property.Schema = &nullable
		}
		if old := s.Property(p.name); old != nil {
			property.Required = property.Required || old.Required
			*old = *property
			continue
		}
		s.Properties = append(s.Properties, property)
	}
	for _, p := range s.Properties { // allOf may require what another part defines
		p.Required = p.Required || required[p.Name]
	}
	if len(s.Properties) == 0 && s.Problem == "" && o.get("allOf") == nil {
		s.Problem = "is an object without named members"
	}
}

// merge reads a schema that is all of others.
func (d *Document) merge(s *Schema, o object, file string) {
	named := ""
	for _, part := range o.list("allOf") {
		of := d.schema(part, file)
		if of.Problem != "" && of.Type != Object {
			s.Problem = of.Problem
			continue
		}
		if s.Type == "" || s.Type == Object && of.Type != Object {
			s.Type, s.Format, s.Enum, s.Items = of.Type, of.Format, of.Enum, of.Items
			s.Variants, s.Member = of.Variants, of.Member
		}
		s.Nullable = s.Nullable || of.Nullable
		if s.Description == "" {
			s.Description = of.Description
		}
		for _, p := range of.Properties {
			if old := s.Property(p.Name); old != nil {
				refined := *p
				refined.Required = p.Required || old.Required
				if p.Schema.Problem != "" || p.Schema.Type == Array && p.Schema.Items.Problem != "" {
					refined.Schema = old.Schema
				}
				*old = refined
				continue
			}
			clone := *p
			s.Properties = append(s.Properties, &clone)
		}
		if of.Name != "" {
			named += "," + of.Name
		}
	}
	before := len(s.Properties)
	if s.Type == Object || s.Type == "" {
		d.readProperties(s, o, file)
	}
	d.requireOf(s, o)
	if s.Name == "" && named != "" && !strings.Contains(named[1:], ",") && before == len(s.Properties) && len(o.list("allOf")) == 1 {
		s.Name = named[1:] // a reference with a description of its own
	}
	if s.Type == "" && len(s.Properties) > 0 {
		s.Type = Object
	}
}

// requireOf marks what the parts of an allOf require of one another.
func (*Document) requireOf(s *Schema, o object) {
	for _, part := range o.list("allOf") {
		definition, _ := part.(object)
		for _, name := range definition.list("required") {
			if p := s.Property(fmt.Sprint(name)); p != nil {
				p.Required = true
			}
		}
	}
}

// union reads a schema that is one of others.
func (d *Document) union(s *Schema, o object, of []any, file string) {
	var variants []*Schema
	for _, v := range of {
		variant := d.schema(v, file)
		if definition, ok := v.(object); ok && definition.string("type") == "null" {
			s.Nullable = true
			continue
		}
		variants = append(variants, variant)
	}
	if len(variants) == 1 {
		name, nullable, description := s.Name, s.Nullable, s.Description
		*s = *variants[0]
		s.Nullable = s.Nullable || nullable
		if name != "" && s.Name == "" {
			s.Name = name
		}
		if description != "" {
			s.Description = description
		}
		return
	}
	s.Type = Union
	discriminator := o.object("discriminator")
	s.Member = discriminator.string("propertyName")
	if s.Member == "" {
		s.Problem = "is one of several types, and no discriminator says of which"
		return
	}
	for _, v := range variants {
		if v.Type != Object || v.Name == "" {
			s.Problem = "is one of several types that are not all named objects"
			return
		}
		named := false
		for _, m := range discriminator.object("mapping") {
			if refName(fmt.Sprint(m.value)) == v.Name {
				s.Variants, named = append(s.Variants, Variant{m.name, v}), true
			}
		}
		if !named {
			s.Variants = append(s.Variants, Variant{v.Name, v})
		}
	}
}
