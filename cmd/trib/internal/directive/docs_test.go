package directive

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

const page = "../../../../docs/directives.md"

var update = flag.Bool("update", false, "write "+page+" anew")

func TestDirectives_Page(t *testing.T) {
	want := document(t)
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || string(got) != want {
		t.Errorf("docs/directives.md is not what the definitions say (%v); run: go test ./cmd/trib/internal/directive -update", err)
	}
}

func TestNames_Complete(t *testing.T) {
	names := Names()
	for _, d := range definition(t).Directives {
		if len(names) == 0 || d.Name != names[0] {
			t.Fatalf("%s is defined, and next of the names is %v", d.Name, names)
		}
		names = names[1:]
	}
	if len(names) > 0 {
		t.Errorf("%v are not defined", names)
	}
}

func definition(t *testing.T) *ast.SchemaDocument {
	t.Helper()
	doc, err := parser.ParseSchema(Source())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// document returns the page.
func document(t *testing.T) string {
	t.Helper()
	doc := definition(t)
	var b strings.Builder
	b.WriteString("# Directives\n\n<!-- Written by: go test ./cmd/trib/internal/directive -update -->\n\n" +
		"They say in the files of `graph/schema` where data comes from; `trib generate` makes Go of\n" +
		"them ([why](adr/0072-directives-say-where-data-comes-from.md)). Clients do not see them.\n" +
		"[Your own graph](your-own-graph.md) uses most of them.\n")
	for _, d := range doc.Directives {
		fmt.Fprintf(&b, "\n## @%s\n\n%s\n\nOn %s", d.Name, d.Description, places(d))
		if d.IsRepeatable {
			b.WriteString(", once or more")
		}
		b.WriteString(".\n\n| argument | type | default | |\n| --- | --- | --- | --- |\n")
		for _, a := range d.Arguments {
			standard := ""
			if a.DefaultValue != nil {
				standard = "`" + a.DefaultValue.String() + "`"
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", a.Name, a.Type, standard, cell(a.Description))
		}
		for _, a := range d.Arguments {
			if def := doc.Definitions.ForName(a.Type.Name()); def != nil {
				fmt.Fprintf(&b, "\n%s\n\n", def.Description)
				for _, v := range def.EnumValues {
					fmt.Fprintf(&b, "- `%s`: %s\n", v.Name, cell(v.Description))
				}
			}
		}
	}
	return b.String()
}

func places(d *ast.DirectiveDefinition) string {
	all := make([]string, len(d.Locations))
	for i, l := range d.Locations {
		all[i] = "`" + string(l) + "`"
	}
	return strings.Join(all, ", ")
}

// cell escapes a text for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
