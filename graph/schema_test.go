package graph_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"tributary/graph"
)

var update = flag.Bool("update", false, "write schema.graphql anew")

// sdl is the schema as one document, without type extensions and built-in types.
func sdl() string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(graph.NewExecutableSchema(graph.Config{}).Schema())
	return b.String()
}

// What clients may ask changes only in plain sight: schema.graphql is the whole
// schema as it is served, and the base of the check for breaking changes.
func TestSchema_Golden(t *testing.T) {
	const file = "schema.graphql"
	if *update {
		if err := os.WriteFile(file, []byte(sdl()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != sdl() {
		t.Errorf("graph/%s is not the schema any more: go test ./graph -update", file)
	}
}

func TestSchema_Conventions(t *testing.T) {
	for _, complaint := range lint(gqlparser.MustLoadSchema(&ast.Source{Input: sdl()})) {
		t.Error(complaint)
	}
}

var (
	pascalCase = regexp.MustCompile(`^[A-Z][a-zA-Z0-9]*$`)
	camelCase  = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	upperCase  = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
)

// linter collects what is against the habits of GraphQL schemas: Types, fields
// and VALUES are written like this, and all of them say what they are.
type linter struct{ complaints []string }

func lint(schema *ast.Schema) []string {
	l := &linter{}
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		if def := schema.Types[name]; !def.BuiltIn {
			l.definition(def)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Directives)) {
		if d := schema.Directives[name]; d.Position != nil && !d.Position.Src.BuiltIn {
			l.named("@"+name, name, d.Description, camelCase)
			l.arguments("@"+name, d.Arguments)
		}
	}
	return l.complaints
}

func (l *linter) definition(def *ast.Definition) {
	l.named(def.Name, def.Name, def.Description, pascalCase)
	if def.Kind == ast.InputObject && !strings.HasSuffix(def.Name, "Input") {
		l.complain("%s is an input: its name ends in Input", def.Name)
	}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		at := def.Name + "." + f.Name
		l.named(at, f.Name, f.Description, camelCase)
		l.arguments(at, f.Arguments)
		l.deprecation(at, f.Directives)
		if strings.HasPrefix(f.Name, "get") || strings.HasPrefix(f.Name, "list") && def.Kind == ast.Object {
			l.complain("%s says how it is done: name what it gives", at)
		}
	}
	for _, v := range def.EnumValues {
		at := def.Name + "." + v.Name
		l.named(at, v.Name, v.Description, upperCase)
		l.deprecation(at, v.Directives)
	}
}

func (l *linter) arguments(of string, list ast.ArgumentDefinitionList) {
	for _, a := range list {
		at := fmt.Sprintf("%s(%s:)", of, a.Name)
		l.named(at, a.Name, a.Description, camelCase)
		l.deprecation(at, a.Directives)
	}
}

func (l *linter) named(at, name, description string, form *regexp.Regexp) {
	if !form.MatchString(name) {
		l.complain("%s is not written like %s", at, form)
	}
	if strings.TrimSpace(description) == "" {
		l.complain("%s has no description", at)
	}
}

func (l *linter) deprecation(at string, directives ast.DirectiveList) {
	if d := directives.ForName("deprecated"); d != nil && d.Arguments.ForName("reason") == nil {
		l.complain("%s is deprecated and does not say what to use instead", at)
	}
}

func (l *linter) complain(format string, args ...any) {
	l.complaints = append(l.complaints, fmt.Sprintf(format, args...))
}

func TestSchema_ConventionsCatch(t *testing.T) {
	got := lint(gqlparser.MustLoadSchema(&ast.Source{Input: `
		"Where queries begin." type Query {
			"Bad." get_user("An id." ID: ID!, id: ID): some_type
			plain: Color
			"Old." old: Int @deprecated
		}
		"A type." type some_type { "A field." getName: String }
		"A color." enum Color { "Red." red GREEN }
		"What to look for." input Search { "Text." text: String }
		directive @bare(x: Int) on FIELD
	`}))
	want := []string{
		"Color.GREEN has no description",
		"Color.red is not written like ^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$",
		"Query.get_user is not written like ^[a-z][a-zA-Z0-9]*$",
		"Query.get_user says how it is done: name what it gives",
		"Query.get_user(ID:) is not written like ^[a-z][a-zA-Z0-9]*$",
		"Query.get_user(id:) has no description",
		"Query.old is deprecated and does not say what to use instead",
		"Query.plain has no description",
		"Search is an input: its name ends in Input",
		"some_type is not written like ^[A-Z][a-zA-Z0-9]*$",
		"some_type.getName says how it is done: name what it gives",
		"@bare has no description",
		"@bare(x:) has no description",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
