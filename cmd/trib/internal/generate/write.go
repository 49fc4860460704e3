package generate

import (
	"fmt"
	"strings"

	"tributary/cmd/trib/internal/schema"
)

// Call is the comment of the function that makes the call of a write.
func (f field) Call() string {
	return comment(fmt.Sprintf("%s makes the call %s.", f.Field.Loader.Name, f.Field.Loader.OneCall))
}

// Caller is the expression of that function's result.
func (f field) Caller() string {
	l := f.Loader()
	leaf := l.Value.Leaf()
	e := l.endpoint()
	if f.Write.Idempotent {
		e = strings.TrimSuffix(e, "}") + ", Idempotent: true}"
	}
	switch {
	case leaf.Kind == schema.Boolean && !l.List() && l.OneAt == "":
		return "rest.WriteOnly(" + e + ")"
	case l.List() && leaf.Kind == schema.ObjectKind:
		return fmt.Sprintf("rest.WriteList(%s, %s)", e, decoder(leaf))
	case l.List():
		return fmt.Sprintf("rest.WriteValues(%s, %s)", e, decoder(leaf))
	}
	if leaf.Kind == schema.UnionKind {
		return fmt.Sprintf("rest.WriteVariant(%s, %s)", e, decoder(leaf))
	}
	return fmt.Sprintf("rest.WriteOne(%s, %s)", e, decoder(leaf))
}

// Tags are the expressions of what a write makes out of date.
func (f field) Tags() []string {
	tags := make([]string, len(f.Write.Tags))
	for i, t := range f.Write.Tags {
		tags[i] = f.tag(t)
	}
	return tags
}

func (f field) tag(t schema.Tag) string {
	switch {
	case t.Result != nil:
		return fmt.Sprintf("rest.TagOf(%q, v, func(v *%s) string { return %s })", t.Kind,
			bare(f.Field.Loader.Value, "services."), text("v", t.Result))
	case t.Input != nil:
		return fmt.Sprintf("rest.Tag(%q, rest.Text(%s.%s))", t.Kind, t.Arg.Go, t.Input.Go)
	case t.Arg != nil && t.Arg.Type.Elem == nil && t.Arg.Type.NonNull:
		return fmt.Sprintf("rest.Tag(%q, rest.Text(%s))", t.Kind, t.Arg.Go)
	case t.Arg != nil && t.Arg.Type.Elem == nil:
		return fmt.Sprintf("rest.Tag(%q, rest.OptionalText(%s))", t.Kind, t.Arg.Go)
	}
	return quote(t.Kind)
}
