package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tributary/cmd/trib/internal/openapi"
)

const overlaid = `openapi: 3.0.0
info: {title: Books}
paths:
  /books/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: x_17, tags: [a], responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}}}}
    delete: {operationId: x_18, responses: {204: {description: gone}}}
  /poems:
    get: {operationId: x_19, parameters: [{name: page, in: query, schema: {type: string}}, {name: q, in: query, schema: {type: string}}], responses: {200: {content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Book'}}}}}}}
components: {schemas: {Book: {type: object, properties: {id: {type: string}, price: {type: string}, note: {type: string}}}}}
`

func load(t *testing.T, actions string) (*openapi.Document, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"books.yaml":   overlaid,
		"overlay.yaml": "overlay: 1.0.0\ninfo: {title: Names, version: '1'}\nextends: books.yaml\nactions:\n" + actions,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openapi.Load(filepath.Join(dir, "overlay.yaml"))
}

func TestLoad_Overlay(t *testing.T) {
	type check func(d *openapi.Document) bool
	operation := func(call string) func(*openapi.Document) *openapi.Operation {
		return func(d *openapi.Document) *openapi.Operation { return d.Operation(call) }
	}
	book, poems := operation("GET /books/{}"), operation("GET /poems")
	for name, tt := range map[string]struct {
		actions string
		holds   check
	}{
		"a name": {`- {target: "$.paths['/books/{id}'].get", update: {operationId: getBook}}`,
			func(d *openapi.Document) bool { return book(d).ID == "getBook" && poems(d).ID == "x_19" }},
		"a value alone": {`- {target: "$.paths['/poems'].get.operationId", update: poems}`,
			func(d *openapi.Document) bool { return poems(d).ID == "poems" }},
		"a type": {`- {target: $.components.schemas.Book.properties.price, update: {type: number}}`,
			func(d *openapi.Document) bool { return book(d).Result.Property("price").Schema.Type == "number" }},
		"members of a list": {`- {target: $.components.schemas.Book, update: {required: [id, price]}}`,
			func(d *openapi.Document) bool { return book(d).Result.Property("price").Required }},
		"a member is removed": {`- {target: $.components.schemas.Book.properties.note, remove: true}`,
			func(d *openapi.Document) bool { return book(d).Result.Property("note") == nil }},
		"an operation": {`- {target: "$.paths[*].delete", remove: true}`,
			func(d *openapi.Document) bool { return len(d.Operations) == 2 }},
		"a parameter by filter": {`- {target: "$.paths.*.get.parameters[?@.name=='page'].schema", update: {type: integer}}`,
			func(d *openapi.Document) bool {
				return poems(d).QueryParams()[0].Schema.Type == "integer" && poems(d).QueryParams()[1].Schema.Type == "string"
			}},
		"others by filter": {`- {target: "$..parameters[?(@.name != 'page' && true)]", remove: true}`, nil},
		"all below": {`- {target: "$..parameters[?(@.in == 'query')]", remove: true}`, func(d *openapi.Document) bool {
			return len(poems(d).QueryParams()) == 0 && len(book(d).PathParams()) == 1
		}},
		"an item is added":    {`- {target: "$.paths['/poems'].get.parameters", update: {name: size, in: query, schema: {type: integer}}}`, func(d *openapi.Document) bool { return len(poems(d).QueryParams()) == 3 }},
		"one after the other": {"- {target: \"$.paths['/poems'].get\", update: {operationId: a}}\n- {target: \"$.paths.*[?@.operationId=='a']\", update: {operationId: b}}", func(d *openapi.Document) bool { return poems(d).ID == "b" }},
		"an index": {`- {target: "$.paths['/poems'].get.parameters[1]", update: {name: text}}`,
			func(d *openapi.Document) bool { return poems(d).QueryParams()[1].Name == "text" }},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := load(t, tt.actions)
			if tt.holds == nil {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			if err != nil || !tt.holds(d) {
				t.Errorf("%v does not hold: %v", tt.actions, err)
			}
		})
	}
}

func TestLoad_OverlayErrors(t *testing.T) {
	for actions, want := range map[string]string{
		`- {target: "$.paths['/poem'].get", update: {}}`:  `the target "$.paths['/poem'].get" of action 1 leads to nothing in`,
		`- {target: paths, update: {}}`:                   `is not a JSONPath that is known here`,
		`- {target: "$.paths[1:2]", update: {}}`:          `is not a JSONPath that is known here`,
		`- {target: "$.paths['a'", update: {}}`:           `is not a JSONPath that is known here`,
		`- {target: "$.paths[?length(@.x)]", update: {}}`: `is not a JSONPath that is known here`,
	} {
		_, err := load(t, actions)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "overlay.yaml") ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %s", actions, err, want)
		}
	}
	file := filepath.Join(t.TempDir(), "overlay.yaml")
	for text, want := range map[string]string{"overlay: 1.0.0\n": "give it extends:",
		"overlay: 1.0.0\nextends: none.yaml\n": "none.yaml: no such file"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openapi.Load(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}
