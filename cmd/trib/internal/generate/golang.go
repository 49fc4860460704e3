package generate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/schema"
)

// goScalars are the types of scalars in Go.
var goScalars = map[schema.Kind]string{
	schema.String: "string", schema.ID: "string", schema.IntegerID: "string", schema.Name: "string",
	schema.Int: "int32", schema.Int64: "scalar.Int64", schema.Float: "float64", schema.Boolean: "bool",
	schema.Decimal: "scalar.Decimal", schema.DateTime: "scalar.DateTime",
}

// bare returns the name of a type in Go without pointers; pkg is "services." outside of
// that package.
func bare(t *schema.Type, pkg string) string {
	switch t.Kind {
	case schema.EnumKind:
		return pkg + t.Enum.Go
	case schema.ObjectKind:
		return pkg + t.Object.Go
	case schema.UnionKind:
		return pkg + t.Union.Go
	case schema.InputKind:
		return pkg + t.Input.Go
	}
	return goScalars[t.Kind]
}

// goType returns a type in Go. Objects are pointers, and so is what may be null.
func goType(t *schema.Type, pkg string) string {
	switch {
	case t.Elem != nil:
		return "[]" + goType(t.Elem, pkg)
	case t.Kind == schema.ObjectKind, !t.NonNull && t.Kind != schema.UnionKind:
		return "*" + bare(t, pkg)
	}
	return bare(t, pkg)
}

// decoders are the functions that decode scalars.
var decoders = map[schema.Kind]string{
	schema.String: "rest.String", schema.ID: "rest.ID", schema.IntegerID: "rest.IntegerID", schema.Name: "rest.Name",
	schema.Int: "rest.Int", schema.Int64: "rest.Int64", schema.Float: "rest.Float", schema.Boolean: "rest.Bool",
	schema.Decimal: "rest.Decimal", schema.DateTime: "rest.DateTime",
}

// decoder returns the function that decodes a value without lists.
func decoder(t *schema.Type) string {
	if f, ok := decoders[t.Kind]; ok {
		return f
	}
	return "decode" + bare(t, "")
}

// decode returns the expression that decodes a value of type t into the place at to.
func decode(t *schema.Type, to string) string {
	if t.Elem == nil {
		switch {
		case t.Kind == schema.UnionKind, t.NonNull && t.Kind != schema.ObjectKind:
			return fmt.Sprintf("%s(d, %s)", decoder(t), to)
		default:
			return fmt.Sprintf("rest.Optional(d, %s, %s)", to, decoder(t))
		}
	}
	e := t.Elem
	switch {
	case e.Elem != nil:
		return fmt.Sprintf("rest.Slice(d, %s, func(d *rest.Decoder, v *%s) bool { return %s })", to, goType(e, ""), decode(e, "v"))
	case e.Kind == schema.UnionKind, e.NonNull && e.Kind != schema.ObjectKind:
		return fmt.Sprintf("rest.Slice(d, %s, %s)", to, decoder(e))
	case e.NonNull:
		return fmt.Sprintf("rest.Objects(d, %s, %s)", to, decoder(e))
	}
	return fmt.Sprintf("rest.Nullables(d, %s, %s)", to, decoder(e))
}

// unmarshal returns the function that reads an argument from GraphQL.
func unmarshal(t *schema.Type) string {
	switch t.Kind {
	case schema.String:
		return "graphql.UnmarshalString"
	case schema.ID, schema.IntegerID:
		return "graphql.UnmarshalID"
	case schema.Int:
		return "graphql.UnmarshalInt32"
	case schema.Float:
		return "graphql.UnmarshalFloat"
	case schema.Boolean:
		return "graphql.UnmarshalBoolean"
	}
	return "rest.FromGraphQL[" + bare(t, "services.") + "]"
}

// text returns the expression of a member's value as a part of a key.
func text(v string, m *schema.Member) string {
	value := v + "." + m.Go
	switch {
	case !m.Type.NonNull:
		return "rest.OptionalText(" + value + ")"
	case goType(m.Type, "") == "string":
		return value
	}
	return "rest.Text(" + value + ")"
}

// comment returns a comment of lines that begin with //.
func comment(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	var out strings.Builder
	for line := range strings.SplitSeq(wrap(text, maxComment), "\n") {
		out.WriteString(strings.TrimRight("// "+line, " ") + "\n")
	}
	return out.String()
}

const maxComment = 90

// wrap breaks text into lines of at most the given number of bytes.
func wrap(text string, most int) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

func description(def *ast.Definition) string {
	d := strings.TrimSpace(def.Description)
	if d != "" && !strings.HasSuffix(d, ".") {
		d += "."
	}
	return d
}

func quote(s string) string { return strconv.Quote(s) }
