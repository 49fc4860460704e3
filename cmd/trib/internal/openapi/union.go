package openapi

import "fmt"

// union reads a schema that is one of others.
func (d *Document) union(s *Schema, o object, of []any, file string) {
	var variants []*Schema
	for _, v := range of {
		if definition, ok := v.(object); ok && definition.string("type") == "null" {
			s.Nullable = true
			continue
		}
		variants = append(variants, d.unread(v, file).read())
	}
	if len(variants) == 1 && len(s.Properties) == 0 {
		s.Type = ""
		s.become(variants[0])
		return
	}
	s.Type = Union
	discriminator := o.object("discriminator")
	s.Member = discriminator.string("propertyName")
	if s.Member == "" {
		s.Member = commonConstant(variants)
	}
	if s.Member == "" {
		s.Options = variants
		s.Problem = "is one of several types, and no discriminator says of which"
		return
	}
	for _, v := range variants {
		if v.Name == "" || v.Type != Object && v.unread == nil && v.Type != "" {
			s.Problem = "is one of several types that are not all named objects"
			return
		}
		s.Variants = append(s.Variants, variantsOf(v, s.Member, discriminator.object("mapping"))...)
	}
}

// variantsOf returns the values of the member that stand for a type: those that the
// discriminator maps to it, or that the member may have, or else its name.
func variantsOf(v *Schema, member string, mapping object) (all []Variant) {
	for _, m := range mapping {
		if refName(fmt.Sprint(m.value)) == v.Name {
			all = append(all, Variant{m.name, v})
		}
	}
	if p := v.Property(member); len(all) == 0 && len(mapping) == 0 && p != nil {
		for _, value := range p.Schema.read().Enum {
			all = append(all, Variant{value, v})
		}
	}
	if len(all) == 0 {
		all = []Variant{{v.Name, v}}
	}
	return all
}

// commonConstant returns the member that distinguishes the variants, because it has a different
// constant in each of them, or "".
func commonConstant(variants []*Schema) string {
	if len(variants) == 0 {
		return ""
	}
	for _, p := range variants[0].Properties {
		seen := map[string]bool{}
		for _, v := range variants {
			of := v.Property(p.Name)
			if of == nil || !of.Required || of.Schema.read().Type != String || len(of.Schema.Enum) == 0 || v.Name == "" {
				seen = nil
				break
			}
			for _, value := range of.Schema.Enum {
				if seen[value] {
					return ""
				}
				seen[value] = true
			}
		}
		if len(seen) > 0 {
			return p.Name
		}
	}
	return ""
}
