package add

import (
	"net/http"
	"slices"
	"strings"

	"tributary/cmd/trib/internal/openapi"
)

// An entity is a type whose values are loaded by key.
type entity struct {
	typeName string
	keys     []string // fields
	param    []string // of the call that loads one
	path     string   // and its path
	one      *operation
	many     *keys
	def      *definition
	foreign  bool // of another service of the project
}

// keys is how an operation takes a list of keys.
type keys struct {
	operation *openapi.Operation
	param     *openapi.Param // of the query, or
	member    string         // of the body, "" if the body is the list
	name      string         // of the param or member
	at        string
	max       int
}

const defaultMax = 100

// findEntities finds the types that are loaded by key, and the calls that load many.
func (p *plan) findEntities() {
	for _, d := range p.types {
		if d.kind != "type" {
			continue
		}
		e := p.entityOf(d)
		if e == nil {
			continue
		}
		p.entities = append(p.entities, e)
		if e.one != nil {
			e.one.entity = e
		}
		for _, k := range e.keys {
			f := d.field(k)
			f.typ = strings.TrimSuffix(f.typ, "!")
			if f.typ == "String" || f.typ == "Int" || f.typ == "Int64" {
				if f.typ != "String" {
					f.directives = p.wire(f.name, f.property.Name, "type: INTEGER")
				}
				f.typ = "ID"
			}
			f.typ += "!"
		}
		d.directives = p.entityDirective(e)
	}
}

// entityOf returns the entity of a type, nil if it is none.
func (p *plan) entityOf(d *definition) *entity {
	var best *entity
	score := 0
	for _, o := range p.operations {
		if o.typ != d.name || o.result.list || o.Method != http.MethodGet {
			continue
		}
		e := byKey(d, o)
		if e == nil {
			continue
		}
		s := 10 - len(e.keys)
		if strings.HasSuffix(o.Path, "}") {
			s += 10
		}
		if len(e.keys) == 1 && e.keys[0] == "id" {
			s += 5
		}
		if s > score {
			best, score = e, s
		}
	}
	if best == nil {
		key := keyField(d, "id")
		if key == "" {
			return nil
		}
		best = &entity{typeName: d.name, keys: []string{key}, def: d}
	}
	if len(best.keys) == 1 {
		best.many = p.manyOf(d, best)
	}
	if best.one == nil && best.many == nil {
		return nil
	}
	return best
}

// byKey returns the entity that an operation loads, nil if its parameters are not the key of
// what it answers with.
func byKey(d *definition, o *operation) *entity {
	params := o.PathParams()
	if len(params) == 0 || requiredQuery(o.Operation) {
		return nil
	}
	e := &entity{typeName: d.name, one: o, def: d, path: o.Path}
	for i, param := range params {
		key := ""
		if i == len(params)-1 {
			key = keyField(d, param.Name)
		} else if f := fieldOf(d, param.Name); f != nil {
			key = f.name
		}
		if key == "" || slices.Contains(e.keys, key) {
			return nil
		}
		e.keys = append(e.keys, key)
		e.param = append(e.param, param.Name)
	}
	return e
}

func requiredQuery(o *openapi.Operation) bool {
	return slices.ContainsFunc(o.QueryParams(), func(q *openapi.Param) bool { return q.Required })
}

// keyField returns the field of a type that a parameter of its by-id read stands for.
func keyField(d *definition, param string) string {
	name := normal(param)
	if f := fieldOf(d, param); f != nil && isKey(f) {
		return f.name
	}
	if name == "id" || strings.HasSuffix(name, "id") || name == normal(d.name) || name == "uuid" || name == "key" {
		for _, candidate := range []string{"id", "_id", d.name + "Id", "uuid", "key"} {
			if f := fieldOf(d, candidate); f != nil && isKey(f) {
				return f.name
			}
		}
	}
	return ""
}

// fieldOf returns the field with the name of a member, ignoring spelling.
func fieldOf(d *definition, name string) *fieldDef {
	for _, f := range d.fields {
		if f.property != nil && normal(f.property.Name) == normal(name) {
			return f
		}
	}
	return nil
}

// isKey reports whether the values of a field can be keys.
func isKey(f *fieldDef) bool {
	switch strings.TrimSuffix(f.typ, "!") {
	case "ID", "String", "Int", "Int64":
		return true
	}
	return false
}

// manyOf returns how many of a type are loaded in one call.
func (p *plan) manyOf(d *definition, e *entity) *keys {
	for _, o := range p.doc.Operations {
		op := &operation{Operation: o, result: resultOf(o)}
		if op.result == nil || !op.result.list || op.result.schema.Identity() != d.schema.Identity() || o.Problem != "" {
			continue
		}
		if k := keysOf(op); k != nil && k.fits(d, e) {
			return k
		}
	}
	return nil
}

// fits reports whether the keys are those of a type.
func (k *keys) fits(d *definition, e *entity) bool {
	name := normal(strings.TrimSuffix(k.name, "[]"))
	name = strings.TrimPrefix(name, "filter")
	key := normal(e.keys[0])
	for _, candidate := range []string{
		"ids", "id", "keys", key, key + "s", normal(d.name) + "ids", normal(d.name) + "id", normal(plural(d.name)),
		normal(d.name) + key + "s", "",
	} {
		if name == candidate {
			return true
		}
	}
	return false
}

// keysOf returns how an operation that answers with a list takes a list of keys, nil if it
// does not.
func keysOf(o *operation) *keys {
	if o.result == nil || !o.result.list || len(o.PathParams()) > 0 || requiredOther(o.Operation) {
		return nil
	}
	k := &keys{operation: o.Operation, at: o.result.at, max: defaultMax}
	if o.Method == http.MethodPost {
		if o.Body == nil {
			return nil
		}
		list := o.Body
		if o.Body.Type == openapi.Object {
			list = nil
			for _, property := range o.Body.Properties {
				if property.Schema.Type == openapi.Array && isScalar(property.Schema.Items) && isIDs(property.Name) && list == nil {
					list, k.member, k.name = property.Schema, property.Name, property.Name
				} else if property.Required {
					return nil
				}
			}
		}
		if list == nil || list.Type != openapi.Array || !isScalar(list.Items) {
			return nil
		}
		k.limit(list)
		return k
	}
	for _, q := range o.QueryParams() {
		if q.Schema.Type == openapi.Array && isScalar(q.Schema.Items) && len(q.Schema.Items.Enum) == 0 && isIDs(q.Name) ||
			q.Schema.Type == openapi.String && normal(q.Name) == "ids" {
			k.param, k.name = q, q.Name
			k.limit(q.Schema)
			return k
		}
	}
	return nil
}

func (k *keys) limit(list *openapi.Schema) {
	if list.MaxItems > 0 {
		k.max = list.MaxItems
	}
}

// requiredOther reports whether an operation requires a parameter that is no list of keys.
func requiredOther(o *openapi.Operation) bool {
	return slices.ContainsFunc(o.QueryParams(), func(q *openapi.Param) bool { return q.Required && !isIDs(q.Name) })
}

// isIDs reports whether a member or parameter of this name takes ids.
func isIDs(name string) bool {
	name = strings.TrimSuffix(name, "[]")
	_, ok := idsStem(name)
	n := normal(name)
	return ok || isID(name) || n == "ids" || n == "keys" || n == "filterid" || n == "filterids" ||
		strings.HasSuffix(n, "keys") || strings.HasSuffix(n, "codes") || strings.HasSuffix(n, "skus")
}

func isScalar(s *openapi.Schema) bool {
	return s != nil && s.Problem == "" && (s.Type == openapi.String || s.Type == openapi.Integer)
}

// entityDirective returns the directive @entity of an entity.
func (p *plan) entityDirective(e *entity) string {
	c := (&call{name: "entity"}).with("service", p.opts.Service)
	if len(e.keys) != 1 || e.keys[0] != "id" {
		c.list("key", e.keys)
	}
	if e.one != nil {
		path := e.one.Path
		for i, param := range e.param {
			path = strings.ReplaceAll(path, "{"+param+"}", "{"+e.keys[i]+"}")
		}
		c.with("one", "GET "+path).with("at", e.one.result.at)
	}
	if k := e.many; k != nil {
		c.with("many", k.call()).with("keys", k.member).with("manyAt", k.at).number("max", k.max, defaultMax)
	}
	return c.String()
}

// call returns the call that takes keys.
func (k *keys) call() string {
	call := k.operation.Call()
	if k.param != nil {
		separator := k.param.Separator
		if k.param.Schema.Type == openapi.String {
			separator = ","
		}
		call += "?" + k.param.Name + "={keys" + separator + "}"
	}
	return call
}
