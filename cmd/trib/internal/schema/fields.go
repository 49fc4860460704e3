package schema

import (
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
	"tributary/gateway/rest"
)

const defaultLength = 10

// field reads the directives of a field.
func (r *reader) field(parent *ast.Definition, def *ast.FieldDefinition) {
	f := &Field{Parent: parent, Def: def, Object: r.objects[parent.Name]}
	join, read, write := def.Directives.ForName(directive.Join), def.Directives.ForName(directive.Read), def.Directives.ForName(directive.Write)
	if join == nil && read == nil && write == nil {
		if ResolvedInGo(def) || parent == r.schema.Query && !strings.HasPrefix(def.Name, "__") {
			r.graph.ByHand = append(r.graph.ByHand, f)
		}
		return
	}
	root := parent == r.schema.Query || parent == r.schema.Mutation
	if f.Object == nil && !root {
		errorf(def.Position, "%s.%s: %s is not a type of a service, so that it has no keys: load the field in Go, with @goField(forceResolver: true)",
			parent.Name, def.Name, parent.Name)
	}
	f.Go = r.functions.unique(goName(parent.Name) + goName(def.Name))
	switch {
	case join != nil:
		r.join(f, join)
		r.graph.Fields = append(r.graph.Fields, f)
	case read != nil:
		r.readCall(f, read)
		r.graph.Fields = append(r.graph.Fields, f)
	default:
		r.write(f, write)
		r.graph.Writes = append(r.graph.Writes, f)
	}
}

// LengthOf returns how long the list of a field is assumed to be.
func LengthOf(f *ast.FieldDefinition) int {
	if size := f.Directives.ForName(directive.ListSize); size != nil {
		return integer(size, "assumedSize")
	}
	return defaultLength
}

// argName returns the name of an argument in Go. It is none of those that the generated
// code uses.
func argName(name string) string {
	name = templates.ToGoPrivate(name)
	switch name {
	case "ctx", "d", "l", "o", "r", "key", "obj", "context", "graphql", "lookahead", "rest", "scalar", "services":
		return name + "Arg"
	}
	return name
}

// arguments reads the arguments of a field of a service.
func (r *reader) arguments(f *Field, s *Service) {
	for _, a := range f.Def.Arguments {
		f.Args = append(f.Args, &Arg{Def: a, Go: argName(a.Name),
			Type: r.typeOf(a.Type, s, a.Directives.ForName(directive.Wire), a.Position)})
	}
}

func (f *Field) arg(name string) *Arg {
	for _, a := range f.Args {
		if a.Def.Name == name {
			return a
		}
	}
	return nil
}

// name is how errors call a field.
func (f *Field) name() string { return f.Parent.Name + "." + f.Def.Name }

// join reads @join.
func (r *reader) join(f *Field, d *ast.Directive) {
	def := r.schema.Types[f.Def.Type.Name()]
	o := r.objects[def.Name]
	if o == nil || o.Entity == nil {
		errorf(d.Position, "%s joins %s, which is not an entity: give %s an @entity, or load the field with @read", f.name(),
			def.Name, def.Name)
	}
	f.Loader = o.Entity
	r.arguments(f, o.Entity.Service)
	key := directive.Strings(d, "key")
	if len(key) != len(f.Loader.Key) {
		errorf(d.Position, "%s gives a key of %d parts, but that of %s has %d (%s)", f.name(), len(key), def.Name,
			len(f.Loader.Key), strings.Join(f.Loader.Params, ", "))
	}
	for i, k := range key {
		f.Parts = append(f.Parts, r.part(f, f.Loader.Params[i], k, d))
	}
	r.checkJoin(f, d)
}

// checkJoin reports a join of one entity by many keys, or of many by one.
func (r *reader) checkJoin(f *Field, d *ast.Directive) {
	list := f.Def.Type.Elem != nil
	p := f.Parts[0]
	if len(f.Parts) == 1 && p.Member != nil && p.Member.Field == nil && list {
		p.Member.Type = &Type{Elem: &Type{Kind: p.Member.Type.Kind, NonNull: true}}
	}
	keys := len(f.Parts) == 1 && (p.Arg != nil && p.Arg.Type.Elem != nil || p.Member != nil && p.Member.Type.Elem != nil)
	switch {
	case list && !keys:
		errorf(d.Position, "%s is a list, but its key is not: give a list of keys, or load the field with @read", f.name())
	case !list && keys:
		errorf(d.Position, "%s is one %s, but its key is a list", f.name(), f.Def.Type.Name())
	case list && f.Def.Type.Elem.NonNull:
		errorf(f.Def.Position, "%s: an item is null if its key is unknown, so make the type [%s]", f.name(), f.Def.Type.Name())
	case f.Def.Type.NonNull && !list:
		errorf(f.Def.Position, "%s is null if its key is unknown or its service fails: make the type %s", f.name(), f.Def.Type.Name())
	}
	f.Each = list
}

// part reads a part of a key, such as {author_id}.
func (r *reader) part(f *Field, param, text string, d *ast.Directive) Part {
	name, ok := strings.CutPrefix(text, "{")
	if name, closed := strings.CutSuffix(name, "}"); ok && closed {
		return r.placeholder(f, param, name, d)
	}
	return Part{Param: param, Constant: text}
}

// placeholder returns what a placeholder stands for.
func (r *reader) placeholder(f *Field, param, name string, d *ast.Directive) Part {
	a := f.arg(name)
	if f.Object == nil {
		if a == nil {
			errorf(f.Def.Position, "%s has no argument %q, which {%s} in its directive stands for", f.name(), name, name)
		}
		return Part{Param: param, Arg: a}
	}
	if a != nil {
		if e := f.Object.Entity; e != nil && slices.ContainsFunc(e.Key,
			func(m *Member) bool { return m.Field != nil && m.Field.Name == name }) {
			errorf(f.Def.Position, "%s: {%s} is an argument and the key of %s: rename the argument", f.name(), name, f.Parent.Name)
		}
		return Part{Param: param, Arg: a}
	}
	if field := f.Parent.Fields.ForName(name); field != nil && !r.decoded(field) {
		errorf(d.Position, "%s: {%s} is loaded itself, so it is not known when the key is made: use a field of the service", f.name(), name)
	}
	m := r.member(f.Object, name)
	if t := m.Type.Leaf(); t.Kind == ObjectKind || t.Kind == UnionKind {
		errorf(d.Position, "%s: {%s} is an object, which cannot be a key", f.name(), name)
	}
	return Part{Param: param, Member: m}
}

// readCall reads @read.
func (r *reader) readCall(f *Field, d *ast.Directive) {
	s := r.service(d)
	r.arguments(f, s)
	l := &Loader{Service: s, At: d.Position, Length: 1, OneCall: directive.String(d, "call"), OneAt: directive.String(d, "at")}
	l.Value = r.loadedType(f, s)
	if l.List() {
		l.Length = LengthOf(f.Def)
	}
	r.call(f, l, d)
	l.Named = len(f.Parts) != 1 || !f.Parts[0].isID() || f.Parts[0].isOptionalArg() || f.Parts[0].isList()
	r.by(l, d)
	r.many(l, d)
	if l.Many != nil && l.By == nil {
		errorf(d.Position, "%s: many needs by, the member of each item that names its parent", f.name())
	}
	f.Loader = r.shared(f, l)
}

// loadedType is the type of what a call loads.
func (r *reader) loadedType(f *Field, s *Service) *Type {
	t := r.typeOf(f.Def.Type, s, f.Def.Directives.ForName(directive.Wire), f.Def.Position)
	if t.NonNull {
		errorf(f.Def.Position, "%s is null if its service fails: remove the ! from its type", f.name())
	}
	if t.Elem != nil && (t.Elem.Elem != nil || !t.Elem.NonNull) {
		errorf(f.Def.Position, "%s: a list of this kind is not loaded: make the type [%s!]", f.name(), f.Def.Type.Name())
	}
	return t
}

func (p Part) isID() bool {
	t := p.typ()
	if t == nil {
		return false
	}
	kind := t.Leaf().Kind
	return kind == ID || kind == IntegerID || kind == Name
}

func (p Part) isList() bool { t := p.typ(); return t != nil && t.Elem != nil }

func (p Part) isOptionalArg() bool { return p.Arg != nil && !p.Arg.Type.NonNull }

func (p Part) typ() *Type {
	switch {
	case p.Arg != nil:
		return p.Arg.Type
	case p.Member != nil:
		return p.Member.Type
	}
	return nil
}

// by reads the member that says what an item belongs to.
func (r *reader) by(l *Loader, d *ast.Directive) {
	by := directive.String(d, "by")
	if by == "" {
		return
	}
	o := l.Value.Leaf().Object
	if o == nil {
		errorf(d.Position, "by needs a type with members")
	}
	member, placeholder, ok := strings.Cut(by, "=")
	l.ByParam = strings.Trim(placeholder, "{}")
	if !ok {
		if len(l.Params) != 1 {
			errorf(d.Position, "by must say which placeholder %q equals, as in \"%s={%s}\"", member, member, first(l.Params))
		}
		l.ByParam = l.Params[0]
	}
	if !slices.Contains(l.Params, l.ByParam) {
		errorf(d.Position, "by names {%s}, which the call does not have", l.ByParam)
	}
	l.By = r.member(o, member)
}

func first(names []string) string {
	if len(names) == 0 {
		return "id"
	}
	return names[0]
}

// shared returns the loader of the same call if there is one, else l. The parts of the
// field's key then have the names of that loader's.
func (r *reader) shared(f *Field, l *Loader) *Loader {
	l.identity = identity(l)
	if known := r.loaders[l.identity]; known != nil {
		for i := range f.Parts {
			f.Parts[i].Param = known.Params[i]
		}
		return known
	}
	r.loaders[l.identity] = l
	name := f.Go
	if f.Parent == r.schema.Query {
		name = goName(f.Def.Name)
	}
	l.Name = name
	l.Kind = r.kinds.unique(lcFirst(name))
	r.graph.Loaders = append(r.graph.Loaders, l)
	return l
}

// identity is equal for loaders that load the same.
func identity(l *Loader) string {
	parts := []string{l.Service.Name, unnamed(l.One), l.OneAt, unnamed(l.Many), l.Keys, typeName(l.Value), l.Body}
	if l.By != nil {
		parts = append(parts, l.By.JSON)
	}
	if l.Named {
		parts = append(parts, "named")
	}
	return strings.Join(parts, "\n")
}

// unnamed is a route without the names of its placeholders.
func unnamed(route *rest.Route) string {
	if route == nil {
		return ""
	}
	text := route.Plain()
	for _, p := range route.Query {
		if p.Placeholder != "" {
			text += "&" + p.Name + "={" + p.Separator + "}"
		} else {
			text += "&" + p.Name + "=" + p.Value
		}
	}
	return text
}

func typeName(t *Type) string {
	if t.Elem != nil {
		return "[" + typeName(t.Elem) + "]"
	}
	switch {
	case t.Object != nil:
		return t.Object.Def.Name
	case t.Enum != nil:
		return t.Enum.Def.Name
	case t.Union != nil:
		return t.Union.Def.Name
	}
	for name, kind := range scalars {
		if kind == t.Kind {
			return name
		}
	}
	return "ID"
}
