package schema

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
	"tributary/gateway/rest"
)

// entity reads @entity of an object.
func (r *reader) entity(o *Object, d *ast.Directive) {
	l := &Loader{
		Service: r.service(d), At: d.Position, Entity: true, Length: 1,
		Value: &Type{Kind: ObjectKind, Object: o},
		OneAt: directive.String(d, "at"), Max: integer(d, "max"),
	}
	for _, name := range directive.Strings(d, "key") {
		m := r.member(o, strings.Trim(name, "{}"))
		l.Key = append(l.Key, m)
		l.Params = append(l.Params, m.JSON)
	}
	l.Named = len(l.Key) > 1
	l.OneCall = directive.String(d, "one")
	if l.OneCall != "" {
		l.One, l.OneCall = r.entityCall(o, l, d)
	}
	r.many(l, d)
	if l.One == nil && l.Many == nil {
		errorf(d.Position, "no call loads the entity %s: give it one or many", o.Def.Name)
	}
	if l.Named {
		l.IDs = l.Params
	}
	by := ""
	for _, m := range l.Key {
		by += m.Go
	}
	l.Name = o.Go + "By" + by
	l.Kind = r.kinds.unique(lcFirst(o.Def.Name))
	o.Entity = l
	r.graph.Loaders = append(r.graph.Loaders, l)
}

// entityCall returns the call that loads one, with the JSON names of the key in its
// placeholders.
func (r *reader) entityCall(o *Object, l *Loader, d *ast.Directive) (*rest.Route, string) {
	route := parse(l.OneCall, d)
	call := l.OneCall
	placeholders := route.Placeholders()
	for _, p := range placeholders {
		i := slices.IndexFunc(l.Key, func(m *Member) bool { return m.JSON == p || m.Field != nil && m.Field.Name == p })
		if i < 0 {
			errorf(d.Position, "{%s} is not part of the key of %s (%s): give the key in key, or write one of its parts in braces",
				p, o.Def.Name, strings.Join(l.Params, ", "))
		}
		call = strings.ReplaceAll(call, "{"+p+"}", "{"+l.Key[i].JSON+"}")
	}
	if len(placeholders) != len(l.Key) {
		errorf(d.Position, "%q does not have all parts of the key of %s (%s)", l.OneCall, o.Def.Name, strings.Join(l.Params, ", "))
	}
	return parse(call, d), call
}

// many reads the call that loads many, of @entity or @read.
func (r *reader) many(l *Loader, d *ast.Directive) {
	l.ManyCall = directive.String(d, "many")
	if l.ManyCall == "" {
		if directive.Given(d, "keys") {
			errorf(d.Position, "keys needs many")
		}
		return
	}
	if len(l.Params) != 1 {
		errorf(d.Position, "many takes keys of one part; this key has %d", len(l.Params))
	}
	l.Many = parse(l.ManyCall, d)
	l.ManyAt = directive.String(d, "manyAt")
	l.Keys = directive.String(d, "keys")
	inQuery := slices.Contains(l.Many.Placeholders(), "keys")
	switch {
	case l.Many.Method == http.MethodGet && !inQuery:
		errorf(d.Position, "%q does not say where the keys go: write them as {keys} in its query", l.ManyCall)
	case len(l.Many.Placeholders()) > 1 || len(l.Many.Placeholders()) == 1 && !inQuery:
		errorf(d.Position, "%q has a placeholder other than {keys}", l.ManyCall)
	}
	switch {
	case len(l.Key) == 1:
		l.Integer = l.Key[0].Type.Kind == IntegerID
	case l.By != nil:
		l.Integer = l.By.Type.Kind == IntegerID
	}
	l.Max = integer(d, "max")
	if l.Max < 1 {
		errorf(d.Position, "max must be 1 or more")
	}
}

// parse parses a call.
func parse(call string, d *ast.Directive) *rest.Route {
	route, err := rest.ParseRoute(call)
	if err != nil {
		errorf(d.Position, "%v", err)
	}
	return route
}

func integer(d *ast.Directive, name string) int {
	n, err := strconv.Atoi(directive.String(d, name))
	if err != nil {
		errorf(d.Position, "%s must be an integer", name)
	}
	return n
}
