package add

import (
	"strconv"
	"strings"

	"tributary/cmd/trib/internal/openapi"
)

// A definition is a type of the file that is written.
type definition struct {
	kind       string // type, enum, union or input
	name       string
	about      string
	directives string
	fields     []*fieldDef
	members    []string // of a union
	extends    bool     // a type of another file
	schema     *openapi.Schema
}

// A fieldDef is a field of a type or an input, or a value of an enum.
type fieldDef struct {
	name       string
	about      string
	args       []argDef
	typ        string
	directives string
	property   *openapi.Property
}

type argDef struct{ name, typ, directives, about string }

func (d *definition) field(name string) *fieldDef {
	for _, f := range d.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// write appends the definition to b.
func (d *definition) write(b *strings.Builder) {
	b.WriteString("\n")
	if d.about != "" && !d.extends {
		b.WriteString(described("", d.about))
	}
	head := d.kind + " " + d.name
	if d.extends {
		head = "extend " + head
	}
	if d.directives != "" {
		head += " " + d.directives
	}
	b.WriteString(head)
	if d.kind == "union" {
		b.WriteString(" = " + strings.Join(d.members, " | ") + "\n")
		return
	}
	b.WriteString(" {\n")
	for _, f := range d.fields {
		if f.about != "" {
			b.WriteString(described("  ", f.about))
		}
		b.WriteString("  " + f.name + arguments(f.args))
		if f.typ != "" {
			b.WriteString(": " + f.typ)
		}
		if f.directives != "" {
			b.WriteString(" " + f.directives)
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n")
}

func arguments(args []argDef) string {
	if len(args) == 0 {
		return ""
	}
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.name + ": " + a.typ
		if a.directives != "" {
			parts[i] += " " + a.directives
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// described returns a description, one line, indented.
func described(indent, about string) string {
	about = strings.Join(strings.Fields(about), " ")
	return indent + quote(about) + "\n"
}

// quote quotes a string as GraphQL has it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// A call is a directive with arguments that are strings.
type call struct {
	name string
	args []string
}

// with adds an argument unless its value is empty.
func (c *call) with(name, value string) *call {
	if value != "" {
		c.args = append(c.args, name+": "+quote(value))
	}
	return c
}

// number adds an argument unless its value is the default.
func (c *call) number(name string, value, otherwise int) *call {
	if value != otherwise {
		c.args = append(c.args, name+": "+strconv.Itoa(value))
	}
	return c
}

// list adds an argument that is a list of strings, or one string.
func (c *call) list(name string, values []string) *call {
	switch len(values) {
	case 0:
	case 1:
		c.with(name, values[0])
	default:
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = quote(v)
		}
		c.args = append(c.args, name+": ["+strings.Join(quoted, ", ")+"]")
	}
	return c
}

func (c *call) raw(name, value string) *call {
	c.args = append(c.args, name+": "+value)
	return c
}

func (c *call) String() string { return "@" + c.name + "(" + strings.Join(c.args, ", ") + ")" }
