package schema

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/directive"
	"tributary/gateway/rest"
)

// A Write is what @write says.
type Write struct {
	Service     *Service
	Call        string
	Route       *rest.Route
	Body        *Arg
	At          string
	Invalidates []string
	Idempotent  bool
	Value       *Type // nil if there is none
}

// write reads @write.
func (r *reader) write(f *Field, d *ast.Directive) {
	if f.Parent != r.schema.Mutation {
		errorf(d.Position, "%s: @write belongs to fields of Mutation", f.name())
	}
	s := r.service(d)
	r.arguments(f, s)
	w := &Write{
		Service: s, Call: directive.String(d, "call"), At: directive.String(d, "at"),
		Invalidates: directive.Strings(d, "invalidates"), Idempotent: directive.String(d, "idempotent") == "true",
	}
	w.Route = parse(w.Call, d)
	for _, name := range w.Route.Placeholders() {
		f.Parts = append(f.Parts, r.placeholder(f, name, name, d))
	}
	if body := strings.Trim(directive.String(d, "body"), "{}"); body != "" {
		w.Body = r.placeholder(f, body, body, d).Arg
	}
	w.Value = r.typeOf(f.Def.Type, s, nil, f.Def.Position)
	f.Write = w
}
