package check

import (
	"fmt"
	"slices"

	"tributary/cmd/trib/internal/openapi"
	"tributary/cmd/trib/internal/schema"
)

// bodies compares the arguments that are bodies of a call with its operation.
func (c *comparison) bodies(fields []*schema.Field, doc *openapi.Document, o *openapi.Operation) {
	for _, f := range fields {
		for _, a := range f.Args {
			if a.Def.Name != f.Loader.Body {
				continue
			}
			one := []*schema.Field{f}
			if o.Body == nil {
				c.each(one, "%s of %s takes no body, as which {%s} is sent", o.Call(), doc.File, a.Def.Name)
			} else if message := mismatch(a.Type, o.Body); message != "" {
				c.each(one, "the body of %s %s", o.Call(), message)
			} else {
				c.sent(a.Type, o.Body)
			}
		}
	}
}

// sent compares the inputs of a value that is sent.
func (c *comparison) sent(t *schema.Type, s *openapi.Schema) {
	for t.Elem != nil && s.Items != nil {
		t, s = t.Elem, s.Items
	}
	if t.Input == nil || t.Input.ByHand || s.Type != openapi.Object {
		return
	}
	if c.inputs[t.Input] {
		return
	}
	c.inputs[t.Input] = true
	for _, m := range t.Input.Members {
		problem := Problem{Field: t.Input.Def.Name + "." + m.Field.Name, At: m.Field.Position, Breaks: true}
		p := s.Property(m.JSON)
		switch {
		case p == nil:
			problem.Message = fmt.Sprintf("the document has no member %q of %s", m.JSON, described(s))
		case mismatch(m.Type, p.Schema) != "":
			problem.Message = fmt.Sprintf("the member %q %s", m.JSON, mismatch(m.Type, p.Schema))
		case p.Required && !m.Type.NonNull && !p.Schema.Nullable:
			problem.Message, problem.Breaks = fmt.Sprintf("the document requires the member %q: add a !", m.JSON), false
		default:
			c.sent(m.Type, p.Schema)
			continue
		}
		c.add(problem)
	}
	for _, p := range s.Properties {
		if p.Required && !p.ReadOnly && !slices.ContainsFunc(t.Input.Members, func(m *schema.Member) bool { return m.JSON == p.Name }) {
			c.add(Problem{Field: t.Input.Def.Name, At: t.Input.Def.Position,
				Message: fmt.Sprintf("the document requires a member %q, which the input does not have", p.Name)})
		}
	}
}
