package add

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tributary/cmd/trib/internal/openapi"
	"tributary/gateway/rest"
)

// addField adds the field of an operation to Query or Mutation.
func (p *plan) addField(o *operation) {
	if o.typ == "" && !o.write {
		return
	}
	if o.write {
		p.addWrite(o)
		return
	}
	f := &fieldDef{about: o.Summary, typ: o.typ}
	if o.result.list {
		f.typ = "[" + o.typ + "!]"
	}
	switch {
	case o.entity != nil:
		p.byID(f, o)
	case p.batchOf(o) != nil && o.Method == http.MethodPost:
		p.byIDs(f, o, p.batchOf(o))
	default:
		args, target, ok := p.parameters(o, nil)
		if !ok {
			return
		}
		f.args = args
		c := (&call{name: "read"}).with("service", p.opts.Service).with("call", o.Method+" "+target)
		if o.Method != http.MethodGet {
			arg, ok := p.body(o)
			if !ok {
				return
			}
			if arg != nil {
				f.args = append(f.args, *arg)
				c.with("body", "{"+arg.name+"}")
			}
		}
		c.with("at", o.result.at)
		if by := p.belongs(o, args); by != "" {
			c.with("by", by)
		}
		f.directives = c.String()
	}
	p.name(p.query, f, o)
}

// name gives the field of an operation its name: a clash takes the service's name in front.
func (p *plan) name(root *definition, f *fieldDef, o *operation) {
	base := fieldName(o.Operation)
	if digits, ok := strings.CutPrefix(base, "_"); ok && digits != "" {
		base = "f" + digits // a name in Go begins with a letter
	}
	f.name = base
	taken := func() bool { return root.field(f.name) != nil || p.project.hasField(root.name, f.name) }
	if taken() {
		f.name = camel(p.opts.Service) + upperFirst(base)
	}
	for i := 2; taken(); i++ {
		f.name = fmt.Sprintf("%s%s%d", camel(p.opts.Service), upperFirst(base), i)
	}
	root.fields = append(root.fields, f)
}

// byID makes f the field that leads to an entity by its key.
func (p *plan) byID(f *fieldDef, o *operation) {
	params := o.PathParams()
	key := make([]string, 0, len(params))
	for i, param := range params {
		name := argument(param.Name)
		typ := strings.TrimSuffix(o.entity.def.field(o.entity.keys[i]).typ, "!")
		f.args = append(f.args, argDef{name: name, typ: typ + "!", about: param.About})
		key = append(key, "{"+name+"}")
	}
	for _, q := range o.QueryParams() {
		p.leaveOut("the parameter %s of %s: it is loaded by its key alone", q.Name, o.Call())
	}
	f.directives = (&call{name: "join"}).list("key", key).String()
}

// batchOf returns the entity that an operation loads by a list of keys.
func (p *plan) batchOf(o *operation) *entity {
	for _, e := range p.entities {
		if e.many != nil && e.many.operation == o.Operation {
			return e
		}
	}
	return nil
}

// byIDs makes f the field that leads to entities by their keys.
func (p *plan) byIDs(f *fieldDef, o *operation, e *entity) {
	name := camel(e.many.name)
	if name == "_" {
		name = "ids"
	}
	f.args = []argDef{{name: name, typ: "[ID!]!"}}
	f.typ = "[" + o.typ + "]!"
	f.directives = (&call{name: "join"}).with("key", "{"+name+"}").String()
}

// parameters returns the arguments of an operation and its path and query with placeholders
// for them. Those in known have a value already, by name.
func (p *plan) parameters(o *operation, known map[string]string) (args []argDef, target string, ok bool) {
	taken := map[string]bool{}
	for _, value := range known {
		taken[value] = true
	}
	add := func(param *openapi.Param, typ string) string {
		base := argument(param.Name)
		name := base
		if taken[name] {
			name = "by" + upperFirst(base)
		}
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s%d", base, i)
		}
		taken[name] = true
		args = append(args, argDef{name: name, typ: typ, about: param.About})
		return name
	}
	target = o.Path
	for _, param := range o.PathParams() {
		if value, ok := known[param.Name]; ok {
			target = strings.Replace(target, "{"+param.Name+"}", "{"+value+"}", 1)
			continue
		}
		typ, problem := p.typeOfParam(param, o)
		if problem != "" {
			p.leaveOut("%s: its parameter %s %s", o.Call(), param.Name, problem)
			return nil, "", false
		}
		target = strings.Replace(target, "{"+param.Name+"}", "{"+add(param, typ+"!")+"}", 1)
	}
	separator := "?"
	for _, param := range o.QueryParams() {
		if value, ok := known[param.Name]; ok {
			target += separator + param.Name + "={" + value + "}"
			separator = "&"
			continue
		}
		typ, problem := p.typeOfParam(param, o)
		if problem != "" {
			if param.Required {
				p.leaveOut("%s: its parameter %s %s", o.Call(), param.Name, problem)
				return nil, "", false
			}
			p.leaveOut("the parameter %s of %s, which %s", param.Name, o.Call(), problem)
			continue
		}
		if param.Required {
			typ += "!"
		}
		values := add(param, typ)
		if strings.HasPrefix(typ, "[") {
			values += param.Separator
		}
		target += separator + param.Name + "={" + values + "}"
		separator = "&"
	}
	for _, param := range o.Params {
		if param.In == "header" && param.Required {
			p.leaveOut("the header %s that %s needs: give it by BFF_%s_HEADERS or BFF_FORWARD_HEADERS", param.Name, o.Call(),
				setting(p.opts.Service))
		}
	}
	return args, target, true
}

// argument returns the name of an argument for a parameter, which begins with a letter as
// names in Go do.
func argument(name string) string {
	name = camel(name)
	if digits, ok := strings.CutPrefix(name, "_"); ok && digits != "" {
		return "p" + digits
	}
	return name
}

func setting(service string) string {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_"))
}

// typeOfParam returns the type of a parameter.
func (p *plan) typeOfParam(param *openapi.Param, o *operation) (typ, problem string) {
	if s := param.Schema; s.Type == openapi.Object || s.Type == openapi.Union {
		return "", "is an object"
	}
	if param.Schema.Problem == "" && p.identifies(param.Name, o) != nil && isScalar(param.Schema) {
		return "ID", ""
	}
	typ, _, problem = p.typeOf(param.Schema, strings.TrimSuffix(param.Name, "[]"), p.nameOfParam(param, o))
	return typ, problem
}

// nameOfParam names the enum of a parameter.
func (*plan) nameOfParam(param *openapi.Param, o *operation) string {
	if o.typ != "" && o.result != nil && o.result.schema.Type == openapi.Object {
		return o.typ + pascal(param.Name)
	}
	return pascal(fieldName(o.Operation)) + pascal(param.Name)
}

// identifies returns the entity whose key a parameter is.
func (p *plan) identifies(param string, o *operation) *entity {
	all := append(append([]*entity(nil), p.entities...), p.project.entities()...)
	for _, e := range all {
		if o != nil && e.above(param, o) {
			return e
		}
	}
	for _, e := range all {
		if e.namedBy(param) {
			return e
		}
	}
	for _, e := range all {
		if len(e.keys) == 1 && len(e.param) == 1 && normal(e.param[0]) == normal(param) && !slices.Contains(general, normal(param)) {
			return e
		}
	}
	return nil
}

// above reports whether a path is below that of an entity, whose key a parameter is, as
// /books/{id}/editions is below /books/{book_id}.
func (e *entity) above(param string, o *operation) bool {
	if len(e.keys) != 1 || e.path == "" {
		return false
	}
	path := o.Path
	segments := strings.Split(path, "/")
	if n := strings.Count(e.path, "/") + 1; len(segments) > n {
		path = strings.Join(segments[:n], "/")
	}
	return rest.Plain(path) == rest.Plain(e.path) && strings.HasSuffix(path, "{"+param+"}")
}

// general are names of parameters that do not say what they identify.
var general = []string{"id", "uuid", "guid", "key", "name", "code", "slug", "type", "title", "status", "number", "value",
	"ref", "reference", "version", "date"}

// prefixes and suffixes are what frameworks add to the names of types.
var (
	prefixes = []string{"entitymodel", "resourcemodel"}
	suffixes = []string{"dto", "response", "resource", "model", "schema", "entity", "view", "out", "read"}
)

// names are the names by which members may call an entity.
func (e *entity) names() []string {
	names := []string{normal(e.typeName)}
	if e.def != nil && e.def.schema.Name != "" {
		names = append(names, normal(e.def.schema.Name))
	}
	for _, n := range slices.Clone(names) {
		for _, prefix := range prefixes {
			if short, ok := strings.CutPrefix(n, prefix); ok && short != "" {
				n, names = short, append(names, short)
			}
		}
		for _, suffix := range suffixes {
			if short, ok := strings.CutSuffix(n, suffix); ok && short != "" {
				names = append(names, short)
			}
		}
	}
	return names
}

// namedBy reports whether a member or parameter is called like the type, as in book_id,
// or like the type and its key, as in category_code.
func (e *entity) namedBy(name string) bool {
	if len(e.keys) != 1 {
		return false
	}
	stem, isID := idStem(name)
	for _, n := range e.names() {
		if isID && normal(stem) == n || normal(name) == n+normal(e.keys[0]) {
			return true
		}
	}
	return false
}

// belongs returns the member of a result that names what one of the arguments identifies.
func (p *plan) belongs(o *operation, args []argDef) string {
	params := o.PathParams()
	candidates := slices.Concat(params, required(o.QueryParams()))
	if !o.result.list && len(params) > 0 { // one that is found by another of its members
		candidates = params[len(params)-1:]
	}
	for _, param := range candidates {
		if f := p.owner(o, param); f != nil {
			return p.by(f.name, argument(param.Name), len(args))
		}
	}
	return ""
}

// owner returns the member of a result that has the value of a parameter, nil if none is
// known to. A result that is not addressed by a parameter has ids of its own.
func (p *plan) owner(o *operation, param *openapi.Param) *fieldDef {
	d := p.byName[o.typ]
	if d == nil || d.kind != "type" {
		return nil
	}
	f := fieldOf(d, param.Name)
	if !o.result.list && strings.HasSuffix(o.Path, "{"+param.Name+"}") && f != nil && isKey(f) {
		return f
	}
	if _, ok := idStem(param.Name); ok && f != nil && isKey(f) && !p.isOwnKey(d, f) {
		return f
	}
	e := p.identifies(param.Name, o)
	if e == nil || e.def == d {
		return nil
	}
	for _, name := range e.names() {
		if f := fieldOf(d, name+"Id"); f != nil && isKey(f) && !p.isOwnKey(d, f) {
			return f
		}
	}
	return nil
}

func required(params []*openapi.Param) (all []*openapi.Param) {
	for _, param := range params {
		if param.Required {
			all = append(all, param)
		}
	}
	return all
}

// by returns the argument by of @read.
func (*plan) by(member, placeholder string, placeholders int) string {
	if placeholders == 1 {
		return member
	}
	return member + "={" + placeholder + "}"
}
