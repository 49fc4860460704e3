package add

import (
	"net/http"
	"strings"

	"tributary/cmd/trib/internal/openapi"
)

// addLists adds to entities the fields that load what belongs to them.
func (p *plan) addLists() {
	inPath := func(o *operation) bool { return len(o.PathParams()) > 0 }
	for _, o := range sortedBy(p.operations, inPath) {
		if o.typ == "" || o.write || o.Method != http.MethodGet || o.entity != nil {
			continue
		}
		param, parent := p.parentOf(o)
		if parent == nil || parent.typeName == o.typ && !o.result.list {
			continue
		}
		p.addList(o, param, parent)
	}
}

// sortedBy returns operations in their order, with those that are first in front.
func sortedBy(all []*operation, first func(*operation) bool) (sorted []*operation) {
	for _, o := range all {
		if first(o) {
			sorted = append(sorted, o)
		}
	}
	for _, o := range all {
		if !first(o) {
			sorted = append(sorted, o)
		}
	}
	return sorted
}

// parentOf returns the parameter of an operation that identifies an entity, and that entity.
func (p *plan) parentOf(o *operation) (*openapi.Param, *entity) {
	params := o.PathParams()
	if len(params) > 1 {
		return nil, nil
	}
	if len(params) == 1 {
		if e := p.identifies(params[0].Name, o); e != nil {
			return params[0], e
		}
		return nil, nil
	}
	var found *openapi.Param
	var of *entity
	for _, q := range o.QueryParams() {
		if _, ok := idStem(q.Name); !ok || !isScalar(q.Schema) {
			continue
		}
		if e := p.identifies(q.Name, nil); e != nil && (found == nil || q.Required) {
			found, of = q, e
		}
	}
	return found, of
}

func (p *plan) addList(o *operation, param *openapi.Param, parent *entity) {
	args, target, ok := p.parameters(o, map[string]string{param.Name: parent.keys[0]})
	if !ok {
		return
	}
	f := &fieldDef{about: o.Summary, args: args, typ: o.typ, name: p.nameOfList(o, parent)}
	if o.result.list {
		f.typ = "[" + o.typ + "!]"
	}
	d := p.extension(parent)
	if d.field(f.name) != nil || p.project.hasField(parent.typeName, f.name) {
		p.leaveOut("%s.%s by %s: the type has a field of this name", parent.typeName, f.name, o.Call())
		return
	}
	c := (&call{name: "read"}).with("service", p.opts.Service).with("call", "GET "+target).with("at", o.result.at)
	if f := p.owner(o, param); f != nil {
		c.with("by", p.by(f.name, parent.keys[0], len(args)+1))
	}
	f.directives = c.String()
	if len(d.fields) == 0 && d.extends {
		p.extensions = append(p.extensions, d)
	}
	d.fields = append(d.fields, f)
	p.lines = append(p.lines, "list    "+parent.typeName+"."+f.name+": GET "+target)
}

// extension returns the definition that takes the new fields of an entity.
func (p *plan) extension(e *entity) *definition {
	if e.def != nil {
		return e.def
	}
	for _, d := range p.extensions {
		if d.name == e.typeName {
			return d
		}
	}
	return &definition{kind: "type", name: e.typeName, extends: true}
}

// nameOfList names the field of an entity: after the last part of the path, or after the
// type if that part is the entity.
func (*plan) nameOfList(o *operation, parent *entity) string {
	parts := literals(o.Path)
	if len(parts) > 0 {
		last := parts[len(parts)-1]
		if normal(singular(last)) != normal(parent.typeName) {
			return camel(last)
		}
	}
	name := lowerFirst(o.typ)
	if o.result.list {
		name = plural(name)
	}
	return strings.TrimSuffix(name, "!")
}
