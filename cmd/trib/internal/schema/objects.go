package schema

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
)

// object returns the object of a type, and all that it contains.
func (r *reader) object(def *ast.Definition, s *Service) *Object {
	if o := r.objects[def.Name]; o != nil {
		return o
	}
	o := &Object{Def: def, Service: s, names: namer{}}
	t := r.byHand(def)
	if o.ByHand = t != nil; o.ByHand {
		o.Go, o.Decoded = t.Name, r.written.Declared["decode"+t.Name]
	} else {
		o.Go = r.types.unique(goName(def.Name))
	}
	r.objects[def.Name] = o
	for _, f := range def.Fields {
		if !r.decoded(f) {
			continue
		}
		wire := f.Directives.ForName(directive.Wire)
		o.Members = append(o.Members, &Member{
			Field: f, JSON: wireName(f.Name, wire, s), Go: o.names.unique(t.goField(f.Name)),
			Type: r.typeOf(f.Type, s, wire, f.Position),
		})
	}
	return o
}

// decoded reports whether a field is a member of its object in JSON, and not loaded or
// written in Go.
func (*reader) decoded(f *ast.FieldDefinition) bool {
	if strings.HasPrefix(f.Name, "__") {
		return false
	}
	for _, name := range []string{directive.Join, directive.Read, directive.Write} {
		if f.Directives.ForName(name) != nil {
			return false
		}
	}
	return !ResolvedInGo(f)
}

// ResolvedInGo reports whether a field has a resolver that is written by hand.
func ResolvedInGo(f *ast.FieldDefinition) bool {
	d := f.Directives.ForName("goField")
	return d != nil && directive.String(d, "forceResolver") == "true"
}

// wireName returns the name of a field in JSON.
func wireName(name string, wire *ast.Directive, s *Service) string {
	if wire != nil {
		if n := directive.String(wire, "name"); n != "" {
			return n
		}
	}
	if s.Camel {
		return name
	}
	return Snake(name)
}

// member returns the member of an object that a key names: a field, a member in JSON, or
// one that is decoded for this purpose only.
func (r *reader) member(o *Object, name string) *Member {
	for _, m := range o.Members {
		if m.Field != nil && m.Field.Name == name {
			m.used = true
			return m
		}
	}
	for _, m := range o.Members {
		if m.JSON == name {
			m.used = true
			return m
		}
	}
	m := &Member{JSON: name, Go: o.names.unique(goName(name)), Type: &Type{Kind: Name}, used: true}
	o.Members = append(o.Members, m)
	return m
}

func (r *reader) enum(def *ast.Definition, s *Service) *Enum {
	if e := r.enums[def.Name]; e != nil {
		return e
	}
	e := &Enum{Def: def, Service: s}
	r.enums[def.Name] = e
	if t := r.byHand(def); t != nil {
		r.decodedByHand(def, t)
		e.Go, e.ByHand = t.Name, true
	} else {
		e.Go = r.types.unique(goName(def.Name))
	}
	for _, v := range def.EnumValues {
		if e.ByHand {
			break
		}
		name := strings.ToLower(v.Name)
		if wire := v.Directives.ForName(directive.Wire); wire != nil {
			name = directive.String(wire, "name")
		}
		e.Values = append(e.Values, EnumValue{GraphQL: v.Name, JSON: name, Go: r.types.unique(e.Go + goName(strings.ToLower(v.Name)))})
	}
	return e
}

func (r *reader) union(def *ast.Definition, s *Service, at *ast.Position) *Union {
	if u := r.unions[def.Name]; u != nil {
		return u
	}
	d := def.Directives.ForName(directive.Discriminator)
	if d == nil {
		errorf(at, "%s is a union without @discriminator: name the member that says which type a value has", def.Name)
	}
	u := &Union{Def: def, Service: s, Member: directive.String(d, "member")}
	if t := r.byHand(def); t != nil {
		r.decodedByHand(def, t)
		u.Go, u.ByHand = t.Name, true
	} else {
		u.Go = r.types.unique(goName(def.Name))
	}
	r.unions[def.Name] = u
	values := map[string]string{}
	for _, v := range directive.Strings(d, "values") {
		value, name, ok := strings.Cut(v, "=")
		if !ok {
			errorf(d.Position, "%q does not say which type a value stands for: write \"value=Type\"", v)
		}
		values[value] = name
	}
	for _, name := range def.Types {
		o := r.object(r.schema.Types[name], s)
		r.member(o, u.Member)
		named := false
		for _, v := range directive.Strings(d, "values") {
			if value, of, _ := strings.Cut(v, "="); of == name {
				u.Types, named = append(u.Types, UnionType{value, o}), true
			}
		}
		if !named {
			u.Types = append(u.Types, UnionType{name, o})
		}
	}
	return u
}

func (r *reader) input(def *ast.Definition, s *Service) *Input {
	if i := r.inputs[def.Name]; i != nil {
		return i
	}
	i := &Input{Def: def, Service: s}
	t := r.byHand(def)
	if i.ByHand = t != nil; i.ByHand {
		i.Go = t.Name
	} else {
		i.Go = r.types.unique(goName(def.Name))
	}
	r.inputs[def.Name] = i
	names := namer{}
	for _, f := range def.Fields {
		wire := f.Directives.ForName(directive.Wire)
		i.Members = append(i.Members, &Member{
			Field: f, JSON: wireName(f.Name, wire, s), Go: names.unique(t.goField(f.Name)),
			Type: r.typeOf(f.Type, s, wire, f.Position),
		})
	}
	return i
}
