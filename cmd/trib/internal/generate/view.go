package generate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/99designs/gqlgen/codegen/templates"

	"tributary/cmd/trib/internal/schema"
	"tributary/gateway/access"
)

// view is a graph as the templates see it.
type view struct {
	Library, Module string
	Services        []*schema.Service
	Objects         []*schema.Object
	Enums           []*schema.Enum
	Unions          []*schema.Union
	Inputs          []*schema.Input
	Loaders         []loader
	Fields          []field
	Writes          []field
	Embedded        []embedded
	ByHand          []byHand
	Rules           []rule
	Empty           bool // the schema has no fields
}

// rule is the rule of access of a field.
type rule struct{ Coordinate, Value string }

// rulesOf returns rules in order of coordinates, in Go.
func rulesOf(rules access.Rules) (all []rule) {
	for _, c := range slices.Sorted(maps.Keys(rules)) {
		var members []string
		if scopes := rules[c].Scopes; len(scopes) > 0 {
			members = append(members, fmt.Sprintf("Scopes: %#v", scopes))
		}
		if allow := rules[c].Allow; len(allow) > 0 {
			own := make([]string, len(allow))
			for i, a := range allow {
				own[i] = fmt.Sprintf("{Name: %q, Func: %s}", a.Name, allowFunc(a.Name))
			}
			members = append(members, "Allow: []access.Allow{"+strings.Join(own, ", ")+"}")
		}
		all = append(all, rule{c, strings.Join(members, ", ")})
	}
	return all
}

// embedded is a field whose values its parent contains, and that leads to loads.
type embedded struct {
	Name, Slice, Value string
	Length             int
	Parent             *schema.Object
}

// byHand is a field whose resolver is written by hand.
type byHand struct {
	Name   string
	Length int
}

func newView(g *schema.Graph, library, module string) *view {
	v := &view{
		Library: library, Module: module, Services: g.Services,
		Objects: g.Objects, Enums: g.Enums, Unions: g.Unions, Inputs: g.Inputs,
		Empty: g.Schema.Query == nil,
	}
	for _, l := range g.Loaders {
		v.Loaders = append(v.Loaders, loader{l})
	}
	for _, f := range g.Fields {
		v.Fields = append(v.Fields, field{f})
	}
	for _, f := range g.Writes {
		v.Writes = append(v.Writes, field{f})
	}
	v.Embedded, v.Rules = embeddedFields(g), rulesOf(g.Rules)
	for _, f := range g.ByHand {
		h := byHand{Name: f.Parent.Name + "." + f.Def.Name, Length: 1}
		if f.Def.Type.Elem != nil {
			h.Length = schema.LengthOf(f.Def)
		}
		v.ByHand = append(v.ByHand, h)
	}
	return v
}

// of returns the part of the view that belongs to a service.
func (v *view) of(s *schema.Service) *view {
	part := *v
	part.Objects = slices.DeleteFunc(slices.Clone(v.Objects), func(o *schema.Object) bool { return o.Service != s })
	part.Enums = slices.DeleteFunc(slices.Clone(v.Enums), func(e *schema.Enum) bool { return e.Service != s })
	part.Unions = slices.DeleteFunc(slices.Clone(v.Unions), func(u *schema.Union) bool { return u.Service != s })
	part.Inputs = slices.DeleteFunc(slices.Clone(v.Inputs), func(i *schema.Input) bool { return i.Service != s })
	part.Loaders = slices.DeleteFunc(slices.Clone(v.Loaders), func(l loader) bool { return l.Service != s })
	part.Writes = slices.DeleteFunc(slices.Clone(v.Writes), func(f field) bool { return f.Field.Loader.Service != s })
	return &part
}

// embeddedFields returns the members that lead to fields that load.
func embeddedFields(g *schema.Graph) (all []embedded) {
	leads := leadsToLoads(g)
	for _, o := range g.Objects {
		for _, m := range o.Members {
			t := m.Type
			if m.Field == nil || !leads.anyOf(t.Leaf()) {
				continue
			}
			e := embedded{Name: o.Def.Name + "." + m.Field.Name, Parent: o, Slice: "[]" + goType(t.Leaf(), "services."),
				Value: "o." + m.Go, Length: 1}
			switch {
			case t.Elem == nil && t.Kind == schema.UnionKind:
				e.Value = "rest.PresentVariant(o." + m.Go + ")"
			case t.Elem == nil:
				e.Value = "rest.Present(o." + m.Go + ")"
			case t.Elem.Elem != nil:
				continue // lists of lists are loaded when they are reached
			default:
				e.Length = schema.LengthOf(m.Field)
				if !t.Elem.NonNull && t.Elem.Kind == schema.ObjectKind {
					e.Value = "rest.NonNil(o." + m.Go + ")"
				}
			}
			all = append(all, e)
		}
	}
	return all
}

// objects is a set of objects.
type objects map[*schema.Object]bool

// anyOf reports whether the set has an object that values of a type without lists may be.
func (s objects) anyOf(t *schema.Type) bool {
	switch t.Kind {
	case schema.ObjectKind:
		return s[t.Object]
	case schema.UnionKind:
		return slices.ContainsFunc(t.Union.Types, func(u schema.UnionType) bool { return s[u.Object] })
	}
	return false
}

// leadsToLoads returns the objects that have a field that loads, or contain one that has.
func leadsToLoads(g *schema.Graph) objects {
	leads := objects{}
	for _, f := range g.Fields {
		if f.Object != nil {
			leads[f.Object] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for _, o := range g.Objects {
			for _, m := range o.Members {
				if !leads[o] && m.Field != nil && leads.anyOf(m.Type.Leaf()) {
					leads[o], changed = true, true
				}
			}
		}
	}
	return leads
}

// functions are what the templates call.
func functions() template.FuncMap {
	return template.FuncMap{
		"quote": quote, "goType": goType, "decode": decode, "comment": comment, "description": description,
		"required": required, "requiredNames": requiredNames, "hasUnion": hasUnion, "unionObjects": unionObjects,
		"inputType": inputType,
		"dec":       func(i int) int { return i - 1 },
		"source":    func(loader string) string { return templates.LcFirst(loader) + "Source" },
	}
}

// required returns the required members of an object, with their numbers from 1 on.
func required(o *schema.Object) map[string]int {
	numbers := map[string]int{}
	for _, m := range o.Members {
		if m.Type.NonNull {
			numbers[m.JSON] = len(numbers) + 1
		}
	}
	return numbers
}

func requiredNames(o *schema.Object) string {
	var names []string
	for _, m := range o.Members {
		if m.Type.NonNull {
			names = append(names, quote(m.JSON))
		}
	}
	return strings.Join(names, ", ")
}

// hasUnion reports whether an object holds a union, which encoding/json cannot decode.
func hasUnion(o *schema.Object) bool {
	return slices.ContainsFunc(o.Members, func(m *schema.Member) bool { return m.Type.Leaf().Kind == schema.UnionKind })
}

func unionObjects(u *schema.Union) (all []*schema.Object) {
	for _, t := range u.Types {
		if !slices.Contains(all, t.Object) {
			all = append(all, t.Object)
		}
	}
	return all
}

// inputType is the type of a member of an input: what may be null may also be absent.
func inputType(t *schema.Type) string {
	if t.NonNull {
		return inputValue(t)
	}
	return fmt.Sprintf("graphql.Omittable[%s]", inputValue(t))
}

func inputValue(t *schema.Type) string {
	switch {
	case t.Elem != nil:
		return "[]" + inputValue(t.Elem)
	case t.Kind == schema.InputKind:
		return "*" + t.Input.Go
	case t.Kind == schema.IntegerID && t.NonNull:
		return "scalar.IntegerID"
	case t.Kind == schema.IntegerID:
		return "*scalar.IntegerID"
	}
	return goType(t, "")
}
