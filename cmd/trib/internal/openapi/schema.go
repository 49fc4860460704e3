package openapi

import (
	"fmt"
	"math"
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
	Options     []*Schema // of a union whose variants cannot be distinguished
	Problem     string    // why it cannot be used
	Ref         string    // the reference that led to it

	copyOf *Schema // this differs in that it may be null, or in its description
	unread func()  // reads it, nil once that was done
}

// Identity is equal for schemas of one definition: those that differ only in that they may
// be null, or in their descriptions, have the same.
func (s *Schema) Identity() *Schema {
	if s.copyOf != nil {
		return s.copyOf
	}
	return s
}

// become makes s a copy of another schema that was read. It keeps that s may be null, and
// its own description and name.
func (s *Schema) become(other *Schema) {
	own := *s
	*s = *other
	s.copyOf, s.unread = other.Identity(), nil
	s.Nullable = s.Nullable || own.Nullable
	if s.Name == "" {
		s.Name = own.Name
	}
	if own.Description != "" {
		s.Description = own.Description
	}
}

// A Property is a member of an object.
type Property struct {
	Name      string
	Schema    *Schema
	Required  bool
	WriteOnly bool
	ReadOnly  bool
	about     string // its own description
}

// Description is that of the property, or else that of its schema.
func (p *Property) Description() string {
	if p.about != "" {
		return p.about
	}
	return p.Schema.Description
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
	s := d.unread(v, file)
	for len(d.queue) > 0 {
		next := d.queue[0]
		d.queue = d.queue[1:]
		next.read()
	}
	return s
}

// read reads a schema unless that was done, or is being done.
func (s *Schema) read() *Schema {
	if read := s.unread; read != nil {
		s.unread = nil
		read()
	}
	return s
}

// later queues a schema to be read by a function.
func (d *Document) later(s *Schema, read func()) *Schema {
	s.unread = read
	d.queue = append(d.queue, s)
	return s
}

// unread returns the schema that v is, or refers to. It is read when the schemas that
// contain it have been, because they may be contained in it.
func (d *Document) unread(v any, file string) *Schema {
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
		return d.later(s, func() { d.readSchema(s, o, file) })
	}
	target, in := d.lookUp(ref, file)
	id := in + "#" + ref[strings.Index(ref+"#", "#"):]
	if s := d.schemas[id]; s != nil {
		return s
	}
	s := &Schema{Name: refName(ref), Ref: ref}
	d.schemas[id] = s
	return d.later(s, func() {
		definition, ok := target.(object)
		switch {
		case !ok:
			s.Problem = fmt.Sprintf("refers to %s, which does not exist", ref)
		case definition.string("$ref") != "":
			s.Name = ""
			s.become(d.unread(definition, in).read())
		default:
			d.readSchema(s, definition, in)
		}
	})
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
	if variants := len(o.list("oneOf")) + len(o.list("anyOf")); variants > 0 && o.get("properties") != nil {
		d.readProperties(s, o, file) // for the variants that are this and more
	}
	switch {
	case len(o.list("allOf")) > 0:
		d.merge(s, o, file)
	case len(o.list("oneOf")) > 0:
		d.union(s, o, o.list("oneOf"), file)
	case len(o.list("anyOf")) > 0:
		d.union(s, o, o.list("anyOf"), file)
	case s.Type == Array:
		s.Items = d.items(o, file)
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
	}
	values := o.list("enum")
	if v := o.get("const"); v != nil {
		values = []any{v}
	}
	return typeOfValues(values)
}

// typeOfValues returns the type that values of JSON have, "" if it is not the same.
func typeOfValues(values []any) (name string) {
	for _, v := range values {
		of := String
		switch v := v.(type) {
		case nil:
			continue
		case bool:
			of = Boolean
		case float64:
			of = Number
			if v == math.Trunc(v) {
				of = Integer
			}
		case object:
			of = Object
		}
		if name != "" && of != name {
			return ""
		}
		name = of
	}
	return name
}

// items returns the schema of the items of a list. Those of a tuple must be of one type.
func (d *Document) items(o object, file string) *Schema {
	tuple := o.list("prefixItems")
	if tuple == nil {
		tuple = o.list("items") // before 3.1
	}
	if len(tuple) == 0 {
		return d.unread(o.get("items"), file)
	}
	first := d.unread(tuple[0], file).read()
	for _, v := range tuple[1:] {
		if next := d.unread(v, file).read(); next.Type != first.Type || next.Format != first.Format || next.Name != first.Name {
			return &Schema{Problem: "is of one of several types"}
		}
	}
	return first
}

func (d *Document) readProperties(s *Schema, o object, file string) {
	required := map[string]bool{}
	for _, name := range o.list("required") {
		required[fmt.Sprint(name)] = true
	}
	for _, p := range o.object("properties") {
		definition, _ := p.value.(object)
		property := &Property{
			Name: p.name, Schema: d.unread(p.value, file), Required: required[p.name],
			WriteOnly: definition.bool("writeOnly"), ReadOnly: definition.bool("readOnly"),
			about: strings.TrimSpace(definition.string("description")),
		}
		if definition.bool("nullable") && definition.string("$ref") != "" {
			nullable, of := &Schema{Nullable: true}, property.Schema
			property.Schema = d.later(nullable, func() { nullable.become(of.read()) })
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
		of := d.unread(part, file).read()
		if of.Problem != "" && of.Type != Object && len(of.Properties) == 0 {
			s.Problem = of.Problem
			continue
		}
		base := of.Type == Union && len(of.Properties) > 0 // a union that s is a variant of
		if base && s.Type == "" {
			s.Type = Object
		}
		if !base && (s.Type == "" || s.Type == Object && of.Type != Object) {
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
				if p.Schema.read().Problem != "" || p.Schema.Type == Array && p.Schema.Items.read().Problem != "" {
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
	if s.Name == "" && named != "" && before == len(s.Properties) && len(o.list("allOf")) == 1 && o.get("required") == nil {
		s.become(d.unread(o.list("allOf")[0], file)) // a reference with a description of its own
		return
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
