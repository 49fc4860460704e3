// Package check compares a schema with the OpenAPI documents of its services.
package check

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/openapi"
	"tributary/cmd/trib/internal/schema"
	"tributary/gateway/rest"
)

// A Problem is a field that does not fit the document.
type Problem struct {
	Field   string // as in Review.stars
	At      *ast.Position
	Message string
	Breaks  bool // the field cannot work; others only may be null, or have values that are not known
}

// String is the problem as a line.
func (p Problem) String() string { return p.Field + ": " + p.Message }

// Compare compares a schema with the documents of its services, and returns the problems in
// order of field. A service whose document does not exist is an error, unless missing is
// true.
func Compare(g *schema.Graph, missing bool) ([]Problem, error) {
	c := &comparison{graph: g, seen: map[compared]bool{}, inputs: map[*schema.Input]bool{}, found: map[string]bool{}}
	for _, s := range g.Services {
		if s.OpenAPI == "" {
			continue
		}
		if _, err := os.Stat(s.OpenAPI); missing && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		doc, err := openapi.Load(s.OpenAPI)
		if err != nil {
			return nil, err
		}
		c.service(s, doc)
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	return c.problems, nil
}

type comparison struct {
	graph    *schema.Graph
	seen     map[compared]bool
	inputs   map[*schema.Input]bool // that have been compared
	found    map[string]bool
	problems []Problem
}

// compared is a type that has been compared with a schema.
type compared struct {
	object *schema.Object
	schema *openapi.Schema
}

func (c *comparison) add(p Problem) {
	if !c.found[p.String()] {
		c.found[p.String()] = true
		c.problems = append(c.problems, p)
	}
}

// service compares the loaders and writes of a service.
func (c *comparison) service(s *schema.Service, doc *openapi.Document) {
	for _, l := range c.graph.Loaders {
		if l.Service != s {
			continue
		}
		fields := c.fieldsOf(l)
		if l.One != nil {
			c.call(fields, doc, l.One, l.OneAt, l.Value)
		}
		if l.Many != nil {
			list := l.Value
			if list.Elem == nil {
				list = &schema.Type{Elem: l.Value}
			}
			c.call(fields, doc, l.Many, l.ManyAt, list)
		}
	}
	for _, f := range c.graph.Writes {
		if f.Loader.Service == s {
			c.call([]*schema.Field{f}, doc, f.Loader.One, f.Loader.OneAt, f.Loader.Value)
		}
	}
}

func (c *comparison) fieldsOf(l *schema.Loader) (fields []*schema.Field) {
	for _, f := range c.graph.Fields {
		if f.Loader == l {
			fields = append(fields, f)
		}
	}
	return fields
}

// each adds a problem of every one of fields.
func (c *comparison) each(fields []*schema.Field, format string, args ...any) {
	for _, f := range fields {
		c.add(Problem{Field: f.Parent.Name + "." + f.Def.Name, At: f.Def.Position, Message: fmt.Sprintf(format, args...), Breaks: true})
	}
}

// call compares a call with its operation.
func (c *comparison) call(fields []*schema.Field, doc *openapi.Document, route *rest.Route, at string, value *schema.Type) {
	o := doc.Operation(route.Plain())
	if o == nil {
		c.each(fields, "%s does not have %s %s", doc.File, route.Method, route.Path)
		return
	}
	for _, q := range route.Query {
		if !slices.ContainsFunc(o.QueryParams(), func(p *openapi.Param) bool { return p.Name == q.Name }) {
			c.each(fields, "%s of %s does not have the parameter %q", o.Call(), doc.File, q.Name)
		}
	}
	for _, p := range o.QueryParams() {
		if p.Required && !slices.ContainsFunc(route.Query, func(q rest.QueryParam) bool { return q.Name == p.Name }) {
			c.each(fields, "%s of %s requires the parameter %q: add %s={…} to the call", o.Call(), doc.File, p.Name, p.Name)
		}
	}
	c.bodies(fields, doc, o)
	if value == nil || o.Empty {
		return
	}
	s := memberAt(o.Result, at)
	if s == nil {
		c.each(fields, "the response of %s of %s has no %q", o.Call(), doc.File, at)
		return
	}
	c.value(fields, o, s, value)
}

// value compares what a call answers with.
func (c *comparison) value(fields []*schema.Field, o *openapi.Operation, s *openapi.Schema, value *schema.Type) {
	if message := mismatch(value, s); message != "" {
		c.each(fields, "%s %s", o.Call(), message)
		return
	}
	c.leaf(value, s)
}

// memberAt returns the schema of a member such as data.items.
func memberAt(s *openapi.Schema, path string) *openapi.Schema {
	if s == nil || path == "" {
		return s
	}
	name, below, _ := strings.Cut(path, ".")
	p := s.Property(name)
	if p == nil {
		return nil
	}
	return memberAt(p.Schema, below)
}

// leaf compares the objects of a value.
func (c *comparison) leaf(t *schema.Type, s *openapi.Schema) {
	for t.Elem != nil && s.Items != nil {
		t, s = t.Elem, s.Items
	}
	switch {
	case t.Object != nil && s.Type == openapi.Object:
		c.object(t.Object, s)
	case t.Enum != nil:
		c.enum(t.Enum, s)
	case t.Union != nil:
		c.union(t.Union, s)
	}
}

// object compares the members of an object.
func (c *comparison) object(o *schema.Object, s *openapi.Schema) {
	if c.seen[compared{o, s}] {
		return
	}
	c.seen[compared{o, s}] = true
	for _, m := range o.Members {
		p := s.Property(m.JSON)
		if m.Field == nil {
			if p == nil {
				c.hidden(o, m)
			}
			continue
		}
		problem := Problem{Field: o.Def.Name + "." + m.Field.Name, At: m.Field.Position, Breaks: true}
		switch {
		case p == nil:
			problem.Message = fmt.Sprintf("the document has no member %q of %s: if the field is written in Go, give it @goField(forceResolver: true)", m.JSON, described(s))
		case mismatch(m.Type, p.Schema) != "":
			problem.Message = fmt.Sprintf("the member %q %s", m.JSON, mismatch(m.Type, p.Schema))
		case m.Type.NonNull && (!p.Required || p.Schema.Nullable) && !isKey(o, m):
			problem.Message, problem.Breaks = fmt.Sprintf("the member %q may be absent or null: remove the !", m.JSON), false
		default:
			c.leaf(m.Type, p.Schema)
			continue
		}
		c.add(problem)
	}
}

// hidden reports the fields whose key, or whose tag, is a member that the document does not
// have.
func (c *comparison) hidden(o *schema.Object, m *schema.Member) {
	for _, f := range c.graph.Fields {
		for _, part := range f.Parts {
			if part.Member == m {
				c.add(Problem{Field: f.Parent.Name + "." + f.Def.Name, At: f.Def.Position, Breaks: true,
					Message: fmt.Sprintf("{%s} is neither an argument nor a field of %s, nor a member of it in the document",
						m.JSON, o.Def.Name)})
			}
		}
		if f.Loader.By == m {
			c.add(Problem{Field: f.Parent.Name + "." + f.Def.Name, At: f.Def.Position, Breaks: true,
				Message: fmt.Sprintf("by names %q, which %s does not have in the document", m.JSON, o.Def.Name)})
		}
	}
	for _, f := range c.graph.Writes {
		if slices.ContainsFunc(f.Write.Tags, func(t schema.Tag) bool { return t.Result == m }) {
			c.add(Problem{Field: f.Parent.Name + "." + f.Def.Name, At: f.Def.Position, Breaks: true,
				Message: fmt.Sprintf("{result.%s} in invalidates is no field of %s and no member of it in the document",
					m.JSON, o.Def.Name)})
		}
	}
}

func isKey(o *schema.Object, m *schema.Member) bool {
	return o.Entity != nil && slices.Contains(o.Entity.Key, m)
}

func described(s *openapi.Schema) string {
	if s.Name == "" {
		return "the response"
	}
	return s.Name
}

func (c *comparison) enum(e *schema.Enum, s *openapi.Schema) {
	if e.ByHand { // what its values are in JSON is in its code
		return
	}
	for _, v := range s.Enum {
		if !slices.ContainsFunc(e.Values, func(known schema.EnumValue) bool { return known.JSON == v }) {
			c.add(Problem{Field: e.Def.Name, At: e.Def.Position,
				Message: fmt.Sprintf("the document has the value %q, which the enum does not", v)})
		}
	}
	for i, v := range e.Values {
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v.JSON) {
			c.add(Problem{Field: e.Def.Name + "." + v.GraphQL, At: e.Def.EnumValues[i].Position,
				Message: fmt.Sprintf("the document does not have the value %q", v.JSON)})
		}
	}
}

func (c *comparison) union(u *schema.Union, s *openapi.Schema) {
	for _, v := range s.Variants {
		i := slices.IndexFunc(u.Types, func(t schema.UnionType) bool { return t.Value == v.Value })
		if i < 0 {
			c.add(Problem{Field: u.Def.Name, At: u.Def.Position,
				Message: fmt.Sprintf("the document has a variant %q, which the union does not", v.Value)})
			continue
		}
		c.object(u.Types[i].Object, v.Schema)
	}
	for _, t := range u.Types {
		if len(s.Variants) > 0 && !slices.ContainsFunc(s.Variants, func(v openapi.Variant) bool { return t.Value == v.Value }) {
			c.add(Problem{Field: u.Def.Name, At: u.Def.Position,
				Message: fmt.Sprintf("the document does not have the variant %q", t.Value)})
		}
	}
}

// kinds are the types in JSON that a kind of value can be decoded from.
var kinds = map[schema.Kind][]string{
	schema.String: {openapi.String}, schema.ID: {openapi.String}, schema.IntegerID: {openapi.Integer},
	schema.Int: {openapi.Integer}, schema.Int64: {openapi.Integer}, schema.Float: {openapi.Number, openapi.Integer},
	schema.Boolean: {openapi.Boolean}, schema.Decimal: {openapi.Number, openapi.Integer}, schema.DateTime: {openapi.String},
	schema.EnumKind: {openapi.String}, schema.ObjectKind: {openapi.Object}, schema.UnionKind: {openapi.Union},
	schema.InputKind: {openapi.Object},
}

// mismatch says why a value of a schema cannot be of a type, "" if it can.
func mismatch(t *schema.Type, s *openapi.Schema) string {
	if s == nil || s.Type == "" {
		return "" // nothing is known of it
	}
	if slices.ContainsFunc(s.Options, func(option *openapi.Schema) bool { return mismatch(t, option) == "" }) {
		return ""
	}
	if t.Elem != nil {
		if s.Type != openapi.Array {
			return "is no list in the document, but " + article(s.Type)
		}
		return mismatch(t.Elem, s.Items)
	}
	allowed, known := kinds[t.Kind]
	if !known || slices.Contains(allowed, s.Type) {
		return ""
	}
	message := fmt.Sprintf("is %s in the document, which is not decoded as %s", article(s.Type), typeName(t))
	if t.Kind == schema.ID && s.Type == openapi.Integer {
		message += ": add @wire(type: INTEGER)"
	}
	return message
}

func article(name string) string {
	if strings.ContainsRune("aeio", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

func typeName(t *schema.Type) string {
	switch {
	case t.Object != nil:
		return t.Object.Def.Name
	case t.Enum != nil:
		return t.Enum.Def.Name
	case t.Union != nil:
		return t.Union.Def.Name
	case t.Input != nil:
		return t.Input.Def.Name
	case t.Kind == schema.IntegerID:
		return "an ID that is an integer"
	}
	return t.Kind.String()
}
