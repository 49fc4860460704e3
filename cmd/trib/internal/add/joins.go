package add

import (
	"strings"
)

// addJoins adds fields that lead from ids to the entities that they name.
func (p *plan) addJoins() {
	for _, d := range p.types {
		if d.kind == "type" {
			p.joinsOf(d)
		}
	}
	p.joinsOfOthers()
}

func (p *plan) joinsOf(d *definition) {
	var joined []*fieldDef
	for _, f := range d.fields {
		joined = append(joined, f)
		if f.property == nil || p.isOwnKey(d, f) {
			continue
		}
		switch j := p.join(f.name, f.property.Name, d.name, f.typ); {
		case j == nil:
		case d.field(j.name) != nil:
			p.leaveOut("a join %s.%s by %s: the type has a field of this name", d.name, j.name, f.name)
		default:
			joined = append(joined, j)
			p.lines = append(p.lines, "join    "+d.name+"."+j.name+": "+j.typ+" by "+f.name)
		}
	}
	d.fields = joined
}

// isOwnKey reports whether a field is the key of its own type.
func (p *plan) isOwnKey(d *definition, f *fieldDef) bool {
	for _, e := range p.entities {
		if e.def == d && len(e.keys) == 1 && e.keys[0] == f.name {
			return true
		}
	}
	return false
}

// join returns the field that leads to what a member names, nil if nothing is known of it.
func (p *plan) join(field, member, typeName, typ string) *fieldDef {
	list := strings.HasPrefix(typ, "[")
	if strings.Trim(typ, "[]!") != "ID" && strings.Trim(typ, "[]!") != "String" {
		return nil
	}
	target, stem := p.target(typeName, member, list)
	if target == nil {
		return nil
	}
	j := &fieldDef{name: camel(stem), typ: target.typeName, directives: (&call{name: "join"}).with("key", "{"+field+"}").String()}
	if list {
		j.name, j.typ = plural(camel(stem)), "["+target.typeName+"]"
	}
	if j.name == field {
		return nil
	}
	return j
}

// target returns the entity that a member names, and the name for the field that leads to it.
func (p *plan) target(typeName, member string, list bool) (target *entity, stem string) {
	if list {
		stem, ok := idsStem(member)
		if !ok {
			return nil, ""
		}
		return p.identifies(stem+"_id", nil), stem
	}
	target = p.linked(typeName, member)
	if target == nil {
		target = p.identifies(member, nil)
	}
	if target == nil {
		return nil, ""
	}
	if stem, ok := idStem(member); ok {
		return target, stem
	}
	all := words(member)
	if len(all) > 1 && normal(all[len(all)-1]) == normal(target.keys[0]) {
		return target, strings.Join(all[:len(all)-1], "_")
	}
	return target, target.typeName
}

// linked returns the entity that a link of the document says a member names.
func (p *plan) linked(typeName, member string) *entity {
	for _, o := range p.operations {
		if o.typ != typeName || o.result.list {
			continue
		}
		for _, l := range o.Links {
			if l.Member != member {
				continue
			}
			for _, e := range p.entities {
				if e.one != nil && e.one.ID == l.Operation && len(e.keys) == 1 {
					return e
				}
			}
		}
	}
	return nil
}

// joinsOfOthers adds fields to the types of other services with ids of entities of this service.
func (p *plan) joinsOfOthers() {
	for _, o := range p.project.graph.Objects {
		d := &definition{kind: "type", name: o.Def.Name, extends: true}
		for _, m := range o.Members {
			if m.Field == nil {
				continue
			}
			stem, ok := idStem(m.Field.Name)
			if !ok {
				continue
			}
			for _, e := range p.entities {
				name := camel(stem)
				if e.namedBy(m.Field.Name) && o.Def.Fields.ForName(name) == nil && d.field(name) == nil && m.Field.Type.Elem == nil {
					d.fields = append(d.fields,
						&fieldDef{name: name, typ: e.typeName,
							directives: (&call{name: "join"}).with("key", "{"+m.Field.Name+"}").String()})
					p.lines = append(p.lines, "join    "+d.name+"."+name+": "+e.typeName+" by "+m.Field.Name)
				}
			}
		}
		if len(d.fields) > 0 {
			p.extensions = append(p.extensions, d)
		}
	}
}
