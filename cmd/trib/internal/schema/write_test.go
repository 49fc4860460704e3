package schema_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/schema"
)

const catalogue = `
extend schema @service(name: "books", url: "http://books.example.com") @service(name: "poets", url: "http://poets.example.com")

type Query { shelf: String }

type Book @entity(service: "books", one: "GET /books/{id}", many: "POST /books/batch") { id: ID! title: String! }
type Loan @entity(service: "books", one: "GET /members/{member}/loans/{number}", key: ["{member}", "{number}"]) { member: ID! number: ID! }
type Edition @entity(service: "books", many: "POST /editions/batch") { id: ID! year: Int! }
type Review @entity(service: "books", many: "GET /reviews?ids={keys}") { id: ID! stars: Int! }
type Copy @entity(service: "books", one: "GET /copies?code={id}") { id: ID! }
type Poet @entity(service: "poets", one: "GET /books/{id}") { id: ID! }
`

// read reads the catalogue with one more field, of Mutation.
func read(t *testing.T, field string) *schema.Graph {
	t.Helper()
	sources := []*ast.Source{{Name: "catalogue.graphqls", Input: catalogue + "type Mutation { " + field + " }"}}
	parsed, err := schema.Parse(append(sources, schema.Sources(sources)...))
	if err != nil {
		t.Fatal(err)
	}
	g, err := schema.Read(parsed, schema.Go{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A write makes out of date what its path addresses: a value if the path has its key alone,
// and the kind if it has more, or if the entity has no path of its own.
func TestWrite_Tags(t *testing.T) {
	for call, want := range map[string]string{
		"PATCH /books/{id}":                       "book={id}",
		"POST /books/{id}/withdraw":               "book={id}",
		"POST /books":                             "",
		"PUT /members/{member}/loans/{number}":    "loan",
		"POST /members/{member}/loans/{number}/x": "loan",
		"POST /members/{member}/loans":            "",
		"PATCH /editions/{id}":                    "edition",
		"POST /editions/{id}/reprint":             "edition",
		"POST /editions":                          "",
		"DELETE /reviews/{id}":                    "review",
		"PUT /reviews/{id}/stars/{n}":             "review",
		"POST /reviewsOf/{id}":                    "",
		"PUT /copies/{id}":                        "copy",
		"POST /other/{id}":                        "",
	} {
		args := ""
		for _, name := range []string{"id", "member", "number", "n"} {
			if strings.Contains(call, "{"+name+"}") {
				args += name + ": ID! "
			}
		}
		if args != "" {
			args = "(" + args + ")"
		}
		g := read(t, "write"+args+`: Boolean @write(service: "books", call: "`+call+`")`)
		var got []string
		for _, tag := range g.Writes[0].Write.Tags {
			text := tag.Kind
			if tag.Arg != nil {
				text += "={" + tag.Arg.Def.Name + "}"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
		if n := len(g.Warnings); (n == 1) != (want == "") || n > 1 {
			t.Errorf("%s: warnings %v", call, g.Warnings)
		}
	}
}

// A write that is known to make nothing out of date, or makes it by its result, is no mistake.
func TestWrite_Warnings(t *testing.T) {
	for field, want := range map[string]string{
		`ping: Boolean @write(service: "books", call: "POST /ping")`:                          "Mutation.ping makes nothing out of date",
		`ping: Boolean @write(service: "books", call: "POST /ping", invalidates: [])`:         "",
		`ping: Boolean @write(service: "books", call: "POST /ping", invalidates: ["Review"])`: "",
		`print: Edition @write(service: "books", call: "POST /editions")`:                     "",
	} {
		got := ""
		for _, w := range read(t, field).Warnings {
			got += w.Error()
		}
		if !strings.Contains(got, want) || (got == "") != (want == "") || got != "" && !strings.HasPrefix(got, "catalogue.graphqls:12: ") {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}
