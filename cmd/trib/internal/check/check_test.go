package check_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/cmd/trib/internal/add"
	"tributary/cmd/trib/internal/check"
	"tributary/cmd/trib/internal/schema"
)

const document = `openapi: 3.0.3
info: {title: Library}
paths:
  /books/{id}:
    get: {operationId: getBook, responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}}}
  /books:
    get: {operationId: listBooks, parameters: [{name: genre, in: query, schema: {type: string}}, {name: ids, in: query, schema: {type: array, items: {type: string}}}], responses: {200: {content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Book'}}, total: {type: integer}}}}}}}}
  /authors/{id}:
    get: {operationId: getAuthor, responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/Author'}}}}}}
  /books/{id}/cover:
    get: {operationId: getCover, responses: {200: {content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/Photo'}, {$ref: '#/components/schemas/Drawing'}], discriminator: {propertyName: kind}}}}}}}
  /loans:
    post: {operationId: createLoan, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/NewLoan'}}}}, responses: {201: {content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}}}
components:
  schemas:
    Book: {type: object, required: [id, title], properties: {id: {type: string}, title: {type: string}, price: {type: number}, author_id: {type: string}, state: {type: string, enum: [free, lent]}, tags: {type: array, items: {type: string}}}}
    Author: {type: object, required: [id], properties: {id: {type: string}, full_name: {type: string}, born: {type: string, format: date}}}
    Photo: {type: object, required: [kind], properties: {kind: {type: string}, url: {type: string}}}
    Drawing: {type: object, required: [kind], properties: {kind: {type: string}, artist: {type: string}}}
    NewLoan: {type: object, required: [book_id], properties: {book_id: {type: string}}}
`

// lines returns the output of check after edits of the document from which the schema was made.
func lines(t *testing.T, edits ...string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("graph/schema", 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"graph/schema/schema.graphqls": "scalar DateTime\nscalar Decimal\n",
		"library.yaml": document} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := add.Run(add.Options{Service: "library", Document: "library.yaml", URL: "http://localhost:1", TrustRequired: true,
		Operations: []string{"getBook", "listBooks", "getAuthor", "getCover", "createLoan"}}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(edits); i += 2 {
		changed := strings.ReplaceAll(document, edits[i], edits[i+1])
		if changed == document {
			t.Fatalf("the document has no %s", edits[i])
		}
		if err := os.WriteFile("library.yaml", []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob("graph/schema/*.graphqls")
	var sources []*ast.Source
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: name, Input: string(text)})
	}
	parsed, err := schema.Parse(append(sources, schema.Sources(sources)...))
	if err != nil {
		t.Fatal(err)
	}
	graph, err := schema.Read(parsed, schema.Go{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := check.Compare(graph, false)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, p := range problems {
		out.WriteString(p.String() + "\n")
	}
	return out.String()
}

func TestCompare_Lines(t *testing.T) {
	for _, tt := range []struct{ name, old, with, want string }{
		{"nothing", "title: Library", "title: Books", ""},
		{"a member of another name", "full_name: {", "name: {",
			`Author.fullName: the document has no member "full_name" of Author: if the field is written in Go, give it @goField(forceResolver: true)`},
		{"the member of a key", "author_id: {", "writer_id: {",
			`Book.authorId: the document has no member "author_id" of Book: if the field is written in Go, give it @goField(forceResolver: true)`},
		{"another type", "price: {type: number}", "price: {type: boolean}",
			`Book.price: the member "price" is a boolean in the document, which is not decoded as Decimal`},
		{"a list", "price: {type: number}", "price: {type: array, items: {type: number}}",
			`Book.price: the member "price" is an array in the document, which is not decoded as Decimal`},
		{"no list", "tags: {type: array, items: {type: string}}", "tags: {type: string}",
			`Book.tags: the member "tags" is no list in the document, but a string`},
		{"no longer required", "required: [id, title]", "required: [id]",
			`Book.title: the member "title" may be absent or null: remove the !`},
		{"nullable", "title: {type: string}", "title: {type: string, nullable: true}",
			`Book.title: the member "title" may be absent or null: remove the !`},
		{"values of an enum", "enum: [free, lent]", "enum: [free, lost]",
			"BookState: the document has the value \"lost\", which the enum does not\nBookState.LENT: the document does not have the value \"lent\""},
		{"ids that are integers", "Book: {type: object, required: [id, title], properties: {id: {type: string}",
			"Book: {type: object, required: [id, title], properties: {id: {type: integer}",
			`Book.id: the member "id" is an integer in the document, which is not decoded as ID: add @wire(type: INTEGER)`},
		{"a parameter of another name", "{name: genre, in: query", "{name: kind, in: query",
			`Query.books: GET /books of library.yaml does not have the parameter "genre"`},
		{"a parameter that is required", "{name: genre, in: query", "{name: lang, required: true, in: query}, {name: genre, in: query",
			"Query.book: GET /books of library.yaml requires the parameter \"lang\": add lang={…} to the call\nQuery.books: GET /books of library.yaml requires the parameter \"lang\": add lang={…} to the call"},
		{"the parameter of a batch", "{name: ids, in: query", "{name: keys, in: query",
			"Query.book: GET /books of library.yaml does not have the parameter \"ids\"\nQuery.books: GET /books of library.yaml does not have the parameter \"ids\""},
		{"a path", "/books/{id}:", "/book/{id}:", "Query.book: library.yaml does not have GET /books/{id}"},
		{"an envelope", "items: {type: array, items: {$ref: '#/components/schemas/Book'}}",
			"data: {type: array, items: {$ref: '#/components/schemas/Book'}}",
			"Query.book: the response of GET /books of library.yaml has no \"items\"\nQuery.books: the response of GET /books of library.yaml has no \"items\""},
		{"a variant of a union", "{$ref: '#/components/schemas/Photo'}, ", "{$ref: '#/components/schemas/Author'}, ",
			"Cover: the document has a variant \"Author\", which the union does not\nCover: the document does not have the variant \"Photo\""},
		{"a write", "/loans:", "/lendings:", "Mutation.createLoan: library.yaml does not have POST /loans"},
		{"a write without a body", "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/NewLoan'}}}}, ", "",
			"Mutation.createLoan: POST /loans of library.yaml takes no body, as which {input} is sent"},
		{"a member that is sent", "book_id: {type: string}", "item_id: {type: string}",
			`NewLoanInput.bookId: the document has no member "book_id" of NewLoan`},
		{"a type that is sent", "book_id: {type: string}", "book_id: {type: integer}",
			`NewLoanInput.bookId: the member "book_id" is an integer in the document, which is not decoded as ID: add @wire(type: INTEGER)`},
		{"a member that must be sent", "NewLoan: {type: object, required: [book_id], properties: {",
			"NewLoan: {type: object, required: [book_id, days], properties: {days: {type: integer}, ",
			`NewLoanInput: the document requires a member "days", which the input does not have`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.TrimSpace(lines(t, tt.old, tt.with)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
