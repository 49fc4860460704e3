package add_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/cmd/trib/internal/add"
)

var update = flag.Bool("update", false, "write what is added as what is expected")

// documents are in the manner of several frameworks.
const documents = "../../testdata"

// project makes an empty project and changes to it. It returns the path of the documents.
func project(t *testing.T, files ...string) string {
	t.Helper()
	from, err := filepath.Abs(documents)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("graph/schema", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "graph/schema/schema.graphqls", "scalar DateTime\nscalar Decimal\n")
	for i := 0; i < len(files); i += 2 {
		write(t, files[i], files[i+1])
	}
	return from
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRun_Documents(t *testing.T) {
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		document string
		opts     add.Options
	}{
		{"library.json", add.Options{}},
		{"billing.yaml", add.Options{}},
		{"animals.json", add.Options{}},
		{"articles.yaml", add.Options{}},
		{"vendor.yaml", add.Options{Read: []string{"searchParts"}}},
		{"clinic.json", add.Options{}},
		{"fleet.yaml", add.Options{}},
		{"stock.yaml", add.Options{}},
		{"press.yaml", add.Options{}},
		{"acme.yaml", add.Options{}},
	} {
		t.Run(tt.document, func(t *testing.T) {
			from := project(t)
			write(t, tt.document, read(t, filepath.Join(from, tt.document)))
			tt.opts.Service, _, _ = strings.Cut(tt.document, ".")
			tt.opts.Document, tt.opts.TrustRequired = tt.document, true
			var out bytes.Buffer
			if err := add.Run(tt.opts, &out); err != nil {
				t.Fatal(err)
			}
			got := read(t, "graph/schema/"+tt.opts.Service+".graphqls") + "\n# ---- printed:\n# " +
				strings.ReplaceAll(strings.TrimSpace(out.String()), "\n", "\n# ") + "\n"
			want := filepath.Join(golden, tt.opts.Service+".graphqls")
			if *update {
				write(t, want, got)
			}
			if got != read(t, want) {
				t.Errorf("go test ./cmd/trib/internal/add -update, and see what has changed:\n%s", got)
			}
		})
	}
}

func TestRun_Errors(t *testing.T) {
	from := project(t,
		"page.yaml", "<!doctype html><title>Docs</title>",
		"empty.json", " \n",
		"broken.json", "{\n\"openapi\": \"3.0.0\",\n\"paths\": [}",
		"broken.yaml", "openapi: 3.0.0\npaths:\n  - a: b\n c: d\n",
		"else.json", `{"name":"package"}`,
		"nothing.yaml", "openapi: 3.0.0\npaths: {}\n",
		"html.yaml", "openapi: 3.0.0\npaths: {/a: {get: {operationId: a, responses: {200: {content: {text/html: {}}}}}}}\n")
	library := filepath.Join(from, "library.json")
	for name, tt := range map[string]struct {
		opts add.Options
		want string
	}{
		"no document":   {add.Options{Service: "a", Document: "none.yaml"}, "none.yaml: no such file or directory"},
		"a folder":      {add.Options{Service: "a", Document: "."}, ".: is a directory"},
		"a page":        {add.Options{Service: "a", Document: "page.yaml"}, "page.yaml:1: this is HTML or XML"},
		"an empty file": {add.Options{Service: "a", Document: "empty.json"}, "empty.json:1: the file is empty"},
		"broken JSON":   {add.Options{Service: "a", Document: "broken.json"}, "broken.json:3: this is not JSON"},
		"broken YAML":   {add.Options{Service: "a", Document: "broken.yaml"}, "broken.yaml:"},
		"other JSON":    {add.Options{Service: "a", Document: "else.json"}, "else.json: this is not an OpenAPI document"},
		"no operations": {add.Options{Service: "a", Document: "nothing.yaml"}, "nothing.yaml: nothing can be added"},
		"no JSON":       {add.Options{Service: "a", Document: "html.yaml"}, "GET /a: it does not answer with JSON"},
		"an unknown operation": {add.Options{Service: "a", Document: library, Operations: []string{"read_bock"}},
			`there is no operation "read_bock"`},
		"a setting's name": {add.Options{Service: "redis", Document: library}, `"redis" cannot be the name of a service`},
		"another's name":   {add.Options{Service: "Books", Document: library}, `"Books" cannot be the name of a service`},
	} {
		t.Run(name, func(t *testing.T) {
			err := add.Run(tt.opts, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if files, _ := filepath.Glob("graph/schema/*"); len(files) != 1 {
				t.Errorf("there is %v", files)
			}
		})
	}
}

func TestRun_Clashes(t *testing.T) {
	from := project(t, "graph/schema/mine.graphqls", `
extend schema @service(name: "mine")
type Query { book(id: ID!): Book @join(key: "{id}")  loans: Int @goField(forceResolver: true) }
type Book @entity(service: "mine", one: "GET /books/{id}") { id: ID! }
enum Genre { A }
`)
	before := read(t, "graph/schema/mine.graphqls")
	if err := add.Run(add.Options{Service: "city-library", Document: filepath.Join(from, "library.json"),
		TrustRequired: true}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	text := read(t, "graph/schema/city-library.graphqls")
	for _, want := range []string{
		"\ntype CityLibraryBook @entity(", "\nenum CityLibraryGenre {",
		"\n  cityLibraryBook(bookId: ID!): CityLibraryBook @join(", "\n  cityLibraryLoans(",
		"\n  author(authorId: ID!): Author @join(", "genre: CityLibraryGenre!",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if read(t, "graph/schema/mine.graphqls") != before {
		t.Error("another file has changed")
	}
	if err := add.Run(add.Options{Service: "city-library", Document: filepath.Join(from, "library.json")},
		&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "is yours") {
		t.Errorf("adding it once more: %v", err)
	}
}

func TestRun_JoinsOtherServices(t *testing.T) {
	project(t,
		"graph/schema/press.graphqls", `
extend schema @service(name: "press")
extend type Query { book(id: ID!): Book @join(key: "{id}") }
type Book @entity(service: "press", one: "GET /books/{id}") { id: ID!  reviewerId: ID }
`,
		"reviews.yaml", `
openapi: 3.0.0
paths:
  /reviews:
    get:
      operationId: listReviews
      parameters: [{name: book_id, in: query, required: true, schema: {type: string}}]
      responses: {200: {content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Review"}}}}}}
  /reviewers/{id}:
    get:
      operationId: getReviewer
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {200: {content: {application/json: {schema: {$ref: "#/components/schemas/Reviewer"}}}}}
components:
  schemas:
    Review: {type: object, required: [id], properties: {id: {type: string}, book_id: {type: string}, reviewer_id: {type: string}}}
    Reviewer: {type: object, required: [id], properties: {id: {type: string}}}
`)
	if err := add.Run(add.Options{Service: "reviews", Document: "reviews.yaml", TrustRequired: true}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	text := read(t, "graph/schema/reviews.graphqls")
	for _, want := range []string{
		`book: Book @join(key: "{bookId}")`,
		`reviewer: Reviewer @join(key: "{reviewerId}")`,
		"extend type Book {\n  reviews: [Review!] @read(service: \"reviews\", call: \"GET /reviews?book_id={id}\", by: \"bookId\")",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if _, book, _ := strings.Cut(text, "extend type Book {"); !strings.Contains(book, `reviewer: Reviewer @join(key: "{reviewerId}")`) {
		t.Errorf("no join from the other service:\n%s", text)
	}
}

// The schema names the overlay, so that check reads the document with its corrections.
func TestRun_Overlay(t *testing.T) {
	project(t,
		"api.yaml", "openapi: 3.0.0\npaths: {\"/poems/{id}\": {get: {operationId: x, responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/Poem'}}}}}}}}\ncomponents: {schemas: {Poem: {type: object, properties: {id: {type: string}}}}}\n",
		"names.yaml", "overlay: 1.0.0\nextends: api.yaml\nactions:\n  - {target: \"$.paths['/poems/{id}'].get\", update: {operationId: getPoem}}\n")
	if err := add.Run(add.Options{Service: "poems", Document: "names.yaml", URL: "http://localhost:1", TrustRequired: true},
		&bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, "graph/schema/poems.graphqls"); !strings.Contains(got, `openapi: "names.yaml"`) ||
		!strings.Contains(got, "poem(id: ID!): Poem") {
		t.Errorf("wrote\n%s", got)
	}
}
