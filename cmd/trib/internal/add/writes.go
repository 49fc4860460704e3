package add

import (
	"net/http"
	"strings"

	"tributary/cmd/trib/internal/openapi"
)

// addWrite adds the field of an operation to Mutation.
func (p *plan) addWrite(o *operation) {
	args, target, ok := p.parameters(o, nil)
	if !ok {
		return
	}
	f := &fieldDef{about: o.Summary, args: args, typ: "Boolean"}
	if o.typ != "" {
		f.typ = o.typ
		if o.result.list {
			f.typ = "[" + o.typ + "!]"
		}
	}
	c := (&call{name: "write"}).with("service", p.opts.Service).with("call", o.Method+" "+target)
	arg, ok := p.body(o)
	if !ok {
		return
	}
	if arg != nil {
		f.args = append(f.args, *arg)
		c.with("body", "{"+arg.name+"}")
	}
	if o.result != nil {
		c.with("at", o.result.at)
	}
	if o.Idempotent {
		c.raw("idempotent", "true")
	}
	f.directives = c.String()
	p.name(p.mutation, f, o)
	p.lines = append(p.lines, "write   Mutation."+f.name+": "+o.Call())
}

// body returns the argument that is the body of an operation, nil if it has none. It
// reports false if the body cannot be written.
func (p *plan) body(o *operation) (arg *argDef, ok bool) {
	if o.Body == nil {
		return nil, true
	}
	typ, problem := p.input(o.Body, pascal(fieldName(o.Operation)))
	if problem != "" {
		p.leaveOut("%s: its body %s", o.Call(), problem)
		return nil, false
	}
	if o.BodyNeeded || o.Method != http.MethodGet {
		typ += "!"
	}
	return &argDef{name: "input", typ: typ}, true
}

// input returns the type of a value that is sent.
func (p *plan) input(s *openapi.Schema, context string) (typ, problem string) {
	s = scalarOption(s)
	switch {
	case s.Problem != "":
		return "", s.Problem
	case s.Type == openapi.Array:
		typ, problem = p.input(s.Items, singular(context))
		return "[" + typ + "!]", problem
	case s.Type == openapi.Union:
		return "", "is one of several types"
	case s.Type == openapi.Object:
		return p.inputObject(s, context)
	}
	typ, _, problem = p.typeOf(s, "", context)
	return typ, problem
}

func (p *plan) inputObject(s *openapi.Schema, context string) (typ, problem string) {
	name := s.Name
	if name == "" {
		name = context
	}
	name = strings.TrimSuffix(pascal(name), "Input") + "Input"
	for _, d := range p.types {
		if d.kind == "input" && d.schema.Identity() == s.Identity() {
			return d.name, ""
		}
	}
	d := &definition{kind: "input", name: p.typeName(name), about: firstParagraph(s.Description), schema: s}
	p.byName[d.name] = d
	p.types = append(p.types, d)
	for _, property := range s.Properties {
		if property.ReadOnly {
			continue
		}
		typ, wire, problem := p.inputMember(property, d)
		if problem != "" {
			if property.Required {
				p.forget(d)
				return "", "needs " + property.Name + ", which " + problem
			}
			p.leaveOut("%s.%s, which %s", d.name, camel(property.Name), problem)
			continue
		}
		if property.Required && !property.Schema.Nullable {
			typ += "!"
		}
		d.fields = append(d.fields, &fieldDef{name: camel(property.Name), typ: typ,
			about: firstParagraph(property.Description()), directives: p.wire(camel(property.Name), property.Name,
				wire), property: property})
	}
	if len(d.fields) == 0 {
		p.forget(d)
		return "", "has no members"
	}
	return d.name, ""
}

// scalarOption returns the first variant of a value that may be one of several scalars, as
// number or string for a price: the client may choose.
func scalarOption(s *openapi.Schema) *openapi.Schema {
	for _, option := range s.Options {
		if option.Problem != "" || option.Type == openapi.Object || option.Type == openapi.Array || option.Type == openapi.Union {
			return s
		}
	}
	if len(s.Options) == 0 {
		return s
	}
	first := *s.Options[0]
	first.Nullable = first.Nullable || s.Nullable
	return &first
}

func (p *plan) inputMember(property *openapi.Property, d *definition) (typ, wire, problem string) {
	if option := scalarOption(property.Schema); option != property.Schema {
		chosen := *property
		chosen.Schema = option
		property = &chosen
	}
	leaf := property.Schema
	for leaf.Type == openapi.Array && leaf.Items != nil {
		leaf = leaf.Items
	}
	if leaf.Type == openapi.Object || leaf.Type == openapi.Union {
		typ, problem = p.input(property.Schema, strings.TrimSuffix(d.name, "Input")+pascal(property.Name))
		return typ, "", problem
	}
	return p.typeOf(property.Schema, property.Name, strings.TrimSuffix(d.name, "Input")+pascal(property.Name))
}
