package schema

import (
	"net/http"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
)

// A Write is what @write says. The loader of its field has the call.
type Write struct {
	At         *ast.Position
	Idempotent bool
	Tags       []Tag // what it makes out of date
}

// A Tag names the cache entries that a write invalidates: the value of a kind whose key is an
// argument, a member of an input, or a member of the result, or all values of the kind.
type Tag struct {
	Kind   string
	Arg    *Arg
	Input  *Member // of Arg
	Result *Member
}

// write reads @write.
func (r *reader) write(f *Field, d *ast.Directive) {
	if f.Parent != r.schema.Mutation {
		errorf(d.Position, "%s: @write belongs to fields of Mutation", f.name())
	}
	s := r.service(d)
	r.arguments(f, s)
	l := &Loader{
		Service: s, At: d.Position, Named: true, Length: 1,
		OneCall: directive.String(d, "call"), OneAt: directive.String(d, "at"),
	}
	l.Value = r.loadedType(f, s)
	if l.List() {
		l.Length = LengthOf(f.Def)
	}
	r.call(f, l, d)
	l.Name = goName(f.Def.Name)
	f.Loader = l
	f.Write = &Write{At: d.Position, Idempotent: directive.String(d, "idempotent") == "true"}
}

// call reads the placeholders and the body of a call, which must use all arguments.
func (r *reader) call(f *Field, l *Loader, d *ast.Directive) {
	l.One = parse(l.OneCall, d)
	for _, name := range l.One.Placeholders() {
		f.Parts = append(f.Parts, r.placeholder(f, name, name, d))
	}
	if body := strings.Trim(directive.String(d, "body"), "{}"); body != "" {
		f.Parts = append(f.Parts, r.placeholder(f, body, body, d))
		l.Body = body
	}
	for _, a := range f.Args {
		if !slices.ContainsFunc(f.Parts, func(p Part) bool { return p.Arg == a }) {
			errorf(a.Def.Position, "%s: the argument %q is not used: write {%s} in the call", f.name(), a.Def.Name, a.Def.Name)
		}
	}
	for _, p := range f.Parts {
		l.Params = append(l.Params, p.Param)
		if p.isID() {
			l.IDs = append(l.IDs, p.Param)
		}
	}
}

// tags reads what a write makes out of date, once all loaders are known.
func (r *reader) tags(f *Field) {
	w, l := f.Write, f.Loader
	w.Tags = r.addressed(f)
	if o := l.Value.Leaf().Object; o != nil && o.Entity != nil &&
		!slices.ContainsFunc(w.Tags, func(t Tag) bool { return t.Kind == o.Entity.Kind }) {
		t := Tag{Kind: o.Entity.Kind}
		if !l.List() && !o.Entity.Named {
			t.Result = o.Entity.Key[0]
		}
		w.Tags = append(w.Tags, t)
	}
	d := f.Def.Directives.ForName(directive.Write)
	for _, text := range directive.Strings(d, "invalidates") {
		w.Tags = append(w.Tags, r.tag(f, text, d))
	}
	if len(w.Tags) == 0 && !directive.Given(d, "invalidates") {
		r.graph.Warnings = append(r.graph.Warnings, &Error{At: w.At, Message: f.name() +
			" makes nothing out of date: what was cached is shown until its time is over; name it in invalidates, or write invalidates: [] if nothing shows the change"})
	}
}

// addressed returns the entities at or above the path of a call, as the book of
// PATCH /books/{id}. Of one whose key the path does not have alone, it is the kind.
func (r *reader) addressed(f *Field) (tags []Tag) {
	path := pathOf(f.Loader.One.Plain())
	for _, name := range sortedNames(r.objects) {
		e := r.objects[name].Entity
		if e == nil || e.Service != f.Loader.Service {
			continue
		}
		switch {
		case e.One == nil:
			if strings.HasPrefix(path, collectionOf(e)+"/") {
				tags = append(tags, Tag{Kind: e.Kind})
			}
		case !within(path, pathOf(e.One.Plain())):
		case e.Named || len(e.One.InPath()) != 1:
			tags = append(tags, Tag{Kind: e.Kind})
		default:
			param := f.Loader.One.InPath()[0]
			i := slices.IndexFunc(f.Parts, func(p Part) bool { return p.Param == param })
			tags = append(tags, Tag{Kind: e.Kind, Arg: f.Parts[i].Arg})
		}
	}
	return tags
}

// within reports whether a path is another one, or below it.
func within(path, other string) bool { return path == other || strings.HasPrefix(path, other+"/") }

// collectionOf returns the path at which an entity lives that can only be loaded with others:
// /books of GET /books?ids={keys}, and of POST /books/batch.
func collectionOf(e *Loader) string {
	path := pathOf(e.Many.Plain())
	if e.Many.Method == http.MethodPost {
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
	return strings.TrimSuffix(path, "/")
}

// pathOf returns the path of a plain call.
func pathOf(plain string) string {
	_, path, _ := strings.Cut(plain, " ")
	return path
}

// tag reads what a text such as Author.books={input.authorId} names.
func (r *reader) tag(f *Field, text string, d *ast.Directive) Tag {
	name, placeholder, keyed := strings.Cut(text, "=")
	l := r.loaderNamed(name)
	if l == nil {
		errorf(d.Position, "%s: invalidates names %q, which is neither a type with @entity nor a field that loads", f.name(), name)
	}
	t := Tag{Kind: l.Kind}
	if !keyed || l.Named { // a key of several values is ambiguous
		return t
	}
	if !strings.HasPrefix(placeholder, "{") || !strings.HasSuffix(placeholder, "}") {
		errorf(d.Position, "%s: %q in invalidates is not a placeholder: write an argument in braces, as in %s={id}",
			f.name(), placeholder, name)
	}
	placeholder = strings.Trim(placeholder, "{}")
	if member, ok := strings.CutPrefix(placeholder, "result."); ok {
		o := f.Loader.Value.Object
		if o == nil {
			errorf(d.Position, "%s: {%s} in invalidates needs a result that is an object", f.name(), placeholder)
		}
		t.Result = r.member(o, member)
		return t
	}
	argName, member, inInput := strings.Cut(placeholder, ".")
	if t.Arg = f.arg(argName); t.Arg == nil {
		errorf(d.Position, "%s has no argument %q, which {%s} in invalidates stands for", f.name(), argName, placeholder)
	}
	if inInput {
		t.Input = inputMember(t.Arg, member)
		if t.Input == nil {
			errorf(d.Position, "%s: {%s} in invalidates must be a member of type ID! or String! of an input that is given",
				f.name(), placeholder)
		}
	}
	return t
}

// loaderNamed returns the loader of a type with @entity, or of a field.
func (r *reader) loaderNamed(name string) *Loader {
	if o := r.objects[name]; o != nil {
		return o.Entity
	}
	for _, f := range r.graph.Fields {
		if f.name() == name {
			return f.Loader
		}
	}
	return nil
}

func inputMember(a *Arg, name string) *Member {
	if a.Type.Input == nil || !a.Type.NonNull {
		return nil
	}
	for _, m := range a.Type.Input.Members {
		if m.Field.Name == name && m.Type.NonNull && m.Type.Elem == nil && m.Type.Input == nil {
			return m
		}
	}
	return nil
}
