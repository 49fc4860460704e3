package schema

import (
	"errors"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
	"tributary/gateway/access"
)

// Read reads the directives of a schema, some of whose types may be written by hand in Go.
// The error is an [*Error].
func Read(schema *ast.Schema, written Go) (g *Graph, err error) {
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(*Error)
			if !ok {
				panic(v)
			}
			err = e
		}
	}()
	r := &reader{
		schema: schema, written: written, graph: &Graph{Schema: schema},
		services: map[string]*Service{}, objects: map[string]*Object{}, enums: map[string]*Enum{},
		unions: map[string]*Union{}, inputs: map[string]*Input{}, loaders: map[string]*Loader{},
		types: packageNames(written), functions: namer{}, kinds: namer{},
	}
	r.read()
	return r.graph, nil
}

type reader struct {
	schema  *ast.Schema
	written Go
	graph   *Graph

	services map[string]*Service
	objects  map[string]*Object
	enums    map[string]*Enum
	unions   map[string]*Union
	inputs   map[string]*Input
	loaders  map[string]*Loader // by identity

	// Names of the types in Go and what else its package has, of the functions of fields, and
	// of kinds in the cache.
	types, functions, kinds namer
}

func (r *reader) read() {
	r.readServices()
	names := slices.Sorted(maps.Keys(r.schema.Types))
	for _, name := range names {
		if def := r.schema.Types[name]; def.Kind == ast.Object && !def.BuiltIn {
			if d := def.Directives.ForName(directive.Entity); d != nil {
				r.object(def, r.service(d))
			}
		}
	}
	for _, name := range names {
		if d := r.schema.Types[name].Directives.ForName(directive.Entity); d != nil {
			r.entity(r.objects[name], d)
		}
	}
	for _, root := range r.roots(names) {
		for _, f := range root.Fields {
			r.field(root, f)
		}
	}
	for _, f := range r.graph.Writes {
		r.tags(f)
	}
	r.finish()
	r.rules()
}

// rules compiles the rules of access.
func (r *reader) rules() {
	rules, err := access.Compile(r.schema)
	if refused, ok := errors.AsType[*access.Error](err); ok {
		errorf(refused.At, "%s", refused.Message)
	}
	r.graph.Rules = rules
}

// roots returns the types in the order in which their fields name loaders: queries and
// mutations first.
func (r *reader) roots(names []string) (all []*ast.Definition) {
	for _, root := range []*ast.Definition{r.schema.Query, r.schema.Mutation} {
		if root != nil {
			all = append(all, root)
		}
	}
	for _, name := range names {
		if def := r.schema.Types[name]; def.Kind == ast.Object && def != r.schema.Query && def != r.schema.Mutation && !def.BuiltIn {
			all = append(all, def)
		}
	}
	return all
}

// finish puts everything that was found in order, and makes the names of loaders and
// writes unique: one package has their functions and all types.
func (r *reader) finish() {
	g := r.graph
	for _, l := range g.Loaders {
		l.Name = r.types.unique(l.Name)
	}
	for _, f := range g.Writes {
		f.Loader.Name = r.types.unique(f.Loader.Name)
	}
	g.Objects = sorted(r.objects, func(o *Object) *ast.Definition { return o.Def })
	g.Enums = sorted(r.enums, func(e *Enum) *ast.Definition { return e.Def })
	g.Unions = sorted(r.unions, func(u *Union) *ast.Definition { return u.Def })
	g.Inputs = sorted(r.inputs, func(i *Input) *ast.Definition { return i.Def })
}

func sorted[T any](byName map[string]T, _ func(T) *ast.Definition) []T {
	all := make([]T, 0, len(byName))
	for _, name := range sortedNames(byName) {
		all = append(all, byName[name])
	}
	return all
}

func sortedNames[T any](byName map[string]T) []string { return slices.Sorted(maps.Keys(byName)) }

func (r *reader) readServices() {
	for _, d := range r.schema.SchemaDirectives.ForNames(directive.Service) {
		s := &Service{
			Name: directive.String(d, "name"), URL: directive.String(d, "url"), Health: directive.String(d, "health"),
			OpenAPI: directive.String(d, "openapi"), Camel: directive.String(d, "casing") == "CAMEL", At: d.Position,
		}
		if err := CheckServiceName(s.Name); err != nil {
			errorf(d.Position, "%v", err)
		}
		if r.services[s.Name] != nil {
			errorf(d.Position, "there are two services %q", s.Name)
		}
		r.services[s.Name] = s
		r.graph.Services = append(r.graph.Services, s)
	}
	slices.SortFunc(r.graph.Services, func(a, b *Service) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// service returns the service that a directive names.
func (r *reader) service(d *ast.Directive) *Service {
	name := directive.String(d, "service")
	s := r.services[name]
	if s == nil {
		errorf(d.Position, "there is no service %q: declare it by extend schema @service(name: %q, url: \"http://…\")", name, name)
	}
	return s
}
