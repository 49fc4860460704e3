package generate

import (
	"fmt"
	"strings"

	"tributary/cmd/trib/internal/schema"
)

// field is a field that loads, as the templates see it.
type field struct{ *schema.Field }

// Loader is the field's loader.
func (f field) Loader() loader { return loader{f.Field.Loader} }

// Name is the name of the field in the schema.
func (f field) Name() string { return f.Parent.Name + "." + f.Def.Name }

// Result is the type that the resolver returns.
func (f field) Result() string {
	if f.Each {
		return "[]" + f.Loader().Loaded("services.")
	}
	return f.Loader().Loaded("services.")
}

// Params are the parameters of the resolver after its context.
func (f field) Params() string {
	var params strings.Builder
	if f.Object != nil {
		params.WriteString(", o *services." + f.Object.Go)
	}
	for _, a := range f.Args {
		params.WriteString(", " + a.Go + " " + goType(a.Type, "services."))
	}
	return params.String()
}

// plain returns the argument that is the whole key.
func (f field) plain() *schema.Arg {
	if len(f.Parts) != 1 || f.Field.Loader.Named || f.Parts[0].Arg == nil {
		return nil
	}
	a := f.Parts[0].Arg
	if leaf := a.Type.Leaf(); a.Type.NonNull && leaf.NonNull && bare(leaf, "") == "string" {
		return a
	}
	return nil
}

// HasKey reports whether the key is made by a function of its own.
func (f field) HasKey() bool { return f.plain() == nil }

// ofParent reports whether the key needs the parent.
func (f field) ofParent() bool {
	for _, p := range f.Parts {
		if p.Member != nil {
			return true
		}
	}
	return false
}

// keyArgs are the arguments that the key depends on.
func (f field) keyArgs() (args []*schema.Arg) {
	seen := map[*schema.Arg]bool{}
	for _, p := range f.Parts {
		if p.Arg != nil && !seen[p.Arg] {
			seen[p.Arg] = true
			args = append(args, p.Arg)
		}
	}
	return args
}

// KeyFunc is the name of the function that makes the key.
func (f field) KeyFunc() string { return "keyOf" + f.Go }

// KeyParams are its parameters.
func (f field) KeyParams() string {
	var params []string
	if f.ofParent() {
		params = append(params, "o *services."+f.Object.Go)
	}
	for _, a := range f.keyArgs() {
		params = append(params, a.Go+" "+goType(a.Type, "services."))
	}
	return strings.Join(params, ", ")
}

// KeyResult is what it returns.
func (f field) KeyResult() string {
	if f.Each {
		return "[]string"
	}
	return "string"
}

// KeyBody is the expression of the key.
func (f field) KeyBody() string {
	if f.Each {
		if m := f.Parts[0].Member; m != nil {
			return "o." + m.Go
		}
		return f.Parts[0].Arg.Go
	}
	if !f.Field.Loader.Named {
		p := f.Parts[0]
		switch {
		case p.Member != nil:
			return text("o", p.Member)
		case p.Arg != nil && p.Arg.Type.NonNull:
			return "rest.Text(" + p.Arg.Go + ")"
		case p.Arg != nil:
			return "rest.OptionalText(" + p.Arg.Go + ")"
		}
		return quote(p.Constant)
	}
	parts := make([]string, len(f.Parts))
	for i, p := range f.Parts {
		parts[i] = f.part(p)
	}
	return "rest.Key(" + strings.Join(parts, ", ") + ")"
}

// part is the expression of one value of a key.
func (f field) part(p schema.Part) string {
	name := quote(p.Param)
	switch {
	case p.Arg != nil && (p.Param == f.Field.Loader.Body || p.Arg.Type.Leaf().Kind == schema.InputKind):
		return fmt.Sprintf("rest.Arg(%s, rest.JSON(%s))", name, p.Arg.Go)
	case p.Member != nil && p.Member.Type.Elem != nil:
		return fmt.Sprintf("rest.ListArg(%s, o.%s)", name, p.Member.Go)
	case p.Member != nil && p.Member.Type.NonNull:
		return fmt.Sprintf("rest.Of(%s, o.%s)", name, p.Member.Go)
	case p.Member != nil:
		return fmt.Sprintf("rest.OptionalOf(%s, o.%s)", name, p.Member.Go)
	case p.Arg == nil:
		return fmt.Sprintf("rest.Arg(%s, %q)", name, p.Constant)
	case p.Arg.Type.Elem != nil:
		return fmt.Sprintf("rest.ListArg(%s, %s)", name, p.Arg.Go)
	case p.Arg.Type.NonNull:
		return fmt.Sprintf("rest.Arg(%s, %s)", name, p.Arg.Go)
	}
	return fmt.Sprintf("rest.OptionalArg(%s, %s)", name, p.Arg.Go)
}

// Key is the expression of the key in the resolver.
func (f field) Key() string {
	if a := f.plain(); a != nil {
		return a.Go
	}
	var args []string
	if f.ofParent() {
		args = append(args, "o")
	}
	for _, a := range f.keyArgs() {
		args = append(args, a.Go)
	}
	return f.KeyFunc() + "(" + strings.Join(args, ", ") + ")"
}

// Absent reports whether there may be nothing to load: the key is "" then.
func (f field) Absent() bool {
	if f.Each || f.plain() != nil {
		return false
	}
	for _, p := range f.Parts {
		if p.Member != nil || p.Arg != nil && !p.Arg.Type.NonNull && !f.Field.Loader.Named {
			return true
		}
	}
	return false
}

// Ahead is the expression of the key for the look-ahead.
func (f field) Ahead() string {
	if a := f.plain(); a != nil {
		return fmt.Sprintf("lookahead.Arg(%q)", a.Def.Name)
	}
	for _, a := range f.keyArgs() {
		if a.Type.Leaf().Kind == schema.InputKind {
			return "lookahead.Unforeseen()"
		}
	}
	switch {
	case f.Each && f.ofParent():
		return "lookahead.KeyList(" + f.KeyFunc() + ")"
	case f.Each:
		return fmt.Sprintf("lookahead.Arg(%q)", f.Parts[0].Arg.Def.Name)
	case f.ofParent() && len(f.keyArgs()) == 0:
		return "lookahead.Key(" + f.KeyFunc() + ")"
	case f.ofParent():
		return fmt.Sprintf("rest.ByParentAndArgs(func(o *services.%s, r *rest.Raw) string { return %s(o, %s) })",
			f.Object.Go, f.KeyFunc(), f.rawArgs())
	}
	return fmt.Sprintf("rest.ByArgs(func(%s *rest.Raw) string { return %s(%s) })", f.rawName(), f.KeyFunc(), f.rawArgs())
}

func (f field) rawName() string {
	if len(f.keyArgs()) == 0 {
		return "_"
	}
	return "r"
}

func (f field) rawArgs() string {
	args := make([]string, 0, len(f.Args))
	for _, a := range f.keyArgs() {
		function := "rest.RawOptional"
		switch {
		case a.Type.Elem != nil:
			function = "rest.RawList"
		case a.Type.NonNull:
			function = "rest.RawArg"
		}
		args = append(args, fmt.Sprintf("%s(r, %q, %s)", function, a.Def.Name, unmarshal(a.Type.Leaf())))
	}
	return strings.Join(args, ", ")
}
