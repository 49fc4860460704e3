package generate

import (
	"fmt"
	"net/http"
	"strings"

	"tributary/cmd/trib/internal/schema"
)

// loader is a loader as the templates see it.
type loader struct{ *schema.Loader }

// Loaded is the type that a key of the loader stands for, in Go.
func (l loader) Loaded(pkg string) string { return goType(l.Value, pkg) }

// Item is the type of a value that the look-ahead sees, in Go: one of a list.
func (l loader) Item() string {
	if l.List() {
		return goType(l.Value.Elem, "services.")
	}
	return l.Loaded("services.")
}

// Doc is the comment of the endpoint.
func (l loader) Doc() string {
	what := "a value"
	if l.List() {
		what = "a list"
	}
	if o := l.Value.Leaf().Object; o != nil && !l.List() {
		what = "one " + o.Def.Name
	}
	call := l.OneCall
	if l.Many != nil {
		call = fmt.Sprintf("%s, for up to %d keys at once", l.ManyCall, l.Max)
	}
	return comment(fmt.Sprintf("%s loads %s per key: %s.", l.Name, what, call))
}

// Source is the expression of the endpoint.
func (l loader) Source() string {
	leaf := l.Value.Leaf()
	if l.Many != nil {
		return l.batch(leaf)
	}
	e := l.endpoint()
	switch {
	case l.Entity:
		return fmt.Sprintf("rest.One(\n%s, %s,\n%s)", e, decoder(leaf), l.is())
	case l.List() && leaf.Kind == schema.ObjectKind:
		return fmt.Sprintf("rest.List(\n%s, %s,\n%s,\n%s)", e, decoder(leaf), l.belongs(), l.distinct())
	case l.List() && leaf.Kind == schema.UnionKind:
		return fmt.Sprintf("rest.Variants(%s, %s)", e, decoder(leaf))
	case l.List():
		return fmt.Sprintf("rest.Values(%s, %s)", e, decoder(leaf))
	case leaf.Kind == schema.UnionKind:
		return fmt.Sprintf("rest.Variant(%s, %s)", e, decoder(leaf))
	}
	return fmt.Sprintf("rest.One(\n%s, %s,\n%s)", e, decoder(leaf), l.belongs())
}

func (l loader) endpoint() string {
	fields := []string{"Up: up", "Call: " + quote(l.OneCall)}
	if l.OneAt != "" {
		fields = append(fields, "At: "+quote(l.OneAt))
	}
	if l.Named {
		fields = append(fields, "Named: true")
		if len(l.IDs) > 0 {
			fields = append(fields, "IDs: "+stringList(l.IDs))
		}
	}
	if l.Body != "" {
		fields = append(fields, "Body: "+quote(l.Body))
	}
	if names := l.keyMembers(); len(names) > 0 {
		fields = append(fields, "Key: "+stringList(names))
	}
	return "rest.Endpoint{" + strings.Join(fields, ", ") + "}"
}

// keyMembers returns the members that identify a value.
func (l loader) keyMembers() (names []string) {
	for _, m := range l.Key {
		names = append(names, m.JSON)
	}
	if l.By != nil && !l.List() {
		names = append(names, l.By.JSON)
	}
	return names
}

func (l loader) batch(leaf *schema.Type) string {
	e := []string{"Up: up", "Call: " + quote(l.ManyCall)}
	if l.ManyAt != "" {
		e = append(e, "At: "+quote(l.ManyAt))
	}
	fields := []string{"Endpoint: rest.Endpoint{" + strings.Join(e, ", ") + "}"}
	if l.Keys != "" {
		fields = append(fields, "Keys: "+quote(l.Keys))
	}
	if l.Integer && l.Many.Method != http.MethodGet {
		fields = append(fields, "Integer: true")
	}
	fields = append(fields, fmt.Sprintf("Max: %d", l.Max))
	b := fmt.Sprintf("rest.Batch{%s}", strings.Join(fields, ", "))
	if l.Entity {
		return fmt.Sprintf("rest.Many(\n%s, %s,\n%s)", b, decoder(leaf), l.of(l.Key[0]))
	}
	return fmt.Sprintf("rest.Lists(\n%s, %s,\n%s,\n%s)", b, decoder(leaf), l.of(l.By), l.distinct())
}

// of returns the function that returns the text of a member.
func (l loader) of(m *schema.Member) string {
	return fmt.Sprintf("func(v *%s) string { return %s }", bare(l.Value.Leaf(), ""), text("v", m))
}

// distinct returns the function that returns the id of an object in a list of what belongs
// to a key, or nil: an object belongs to it once. Other lists may repeat one.
func (l loader) distinct() string {
	if l.By == nil {
		return "nil"
	}
	for _, m := range l.Value.Leaf().Object.Members {
		if m.Field != nil && m.Field.Name == "id" && m.Type.Elem == nil && m.Type.NonNull {
			return l.of(m)
		}
	}
	return "nil"
}

// is returns the function that reports whether a value is the entity of a key.
func (l loader) is() string {
	conditions := make([]string, len(l.Key))
	for i, m := range l.Key {
		conditions[i] = fmt.Sprintf("%s == a.Get(%q)", text("v", m), m.JSON)
	}
	return l.predicate(strings.Join(conditions, " && "))
}

// belongs returns the function that reports whether an item belongs to a key, or nil.
func (l loader) belongs() string {
	if l.By == nil {
		return "nil"
	}
	return l.predicate(fmt.Sprintf("%s == a.Get(%q)", text("v", l.By), l.ByParam))
}

func (l loader) predicate(condition string) string {
	return fmt.Sprintf("func(v *%s, a rest.Args) bool { return %s }", bare(l.Value.Leaf(), ""), condition)
}

// Ahead is the expression of the loader's source for the look-ahead.
func (l loader) Ahead() string {
	switch {
	case l.List():
		return fmt.Sprintf("lookahead.Many(l.%s, %d, %s)", l.Name, l.Length, l.stub())
	case l.Value.Kind == schema.UnionKind:
		return fmt.Sprintf("lookahead.Variant(l.%s)", l.Name)
	}
	return fmt.Sprintf("lookahead.One(l.%s, %s)", l.Name, l.stub())
}

// stub returns the function that builds a partial value from a key.
func (l loader) stub() string {
	of := l.Item()
	var m *schema.Member
	switch {
	case l.Named:
	case l.Entity:
		m = l.Key[0]
	case l.List():
		m = l.By
	}
	if leaf := l.Value.Leaf(); leaf.Kind != schema.ObjectKind {
		return fmt.Sprintf("func(string) (stub %s) { return stub }", of)
	}
	if m == nil || bare(m.Type, "") != "string" || m.Type.Elem != nil {
		return fmt.Sprintf("func(string) %s { return &%s{} }", of, strings.TrimPrefix(of, "*"))
	}
	value := "key"
	if !m.Type.NonNull {
		value = "&key"
	}
	return fmt.Sprintf("func(key string) %s { return &%s{%s: %s} }", of, strings.TrimPrefix(of, "*"), m.Go, value)
}

func stringList(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = quote(s)
	}
	return "[]string{" + strings.Join(quoted, ", ") + "}"
}
